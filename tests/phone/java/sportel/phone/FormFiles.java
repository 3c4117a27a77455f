package sportel.phone;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.reference.PrefixedRootFactory;
import org.javarosa.core.reference.Reference;
import org.javarosa.core.reference.ReferenceManager;
import org.javarosa.core.services.PrototypeManager;
import org.javarosa.xform.util.XFormUtils;

/**
 * How does a form file with its media folder become a fresh FormDef, quickly?
 *
 * <p>Parsing is done once; every opening reads the serialized definition again, as Collect does with its
 * form cache. Lists are read from the media folder at each opening, so a changed CSV is seen.
 */
final class FormFiles {
    private static final int KEPT = 16;

    private final Map<String, byte[]> parsed =
            new LinkedHashMap<>(KEPT, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, byte[]> eldest) {
                    return size() > KEPT;
                }
            };

    FormDef open(Path form, Path media) throws PhoneError {
        serveMedia(media);
        try {
            // Many phones have the same form.
            String key = Md5.of(Files.readAllBytes(form));
            byte[] definition = parsed.get(key);
            if (definition == null) {
                definition = parse(form);
                parsed.put(key, definition);
            }
            FormDef def = new FormDef();
            def.readExternal(
                    new DataInputStream(new ByteArrayInputStream(definition)), PrototypeManager.getDefault());
            return def;
        } catch (PhoneError error) {
            throw error;
        } catch (Exception error) {
            error.printStackTrace();
            throw new PhoneError("form", "the form does not load: " + error.getMessage());
        }
    }

    private static byte[] parse(Path form) throws Exception {
        try (InputStream xml = Files.newInputStream(form)) {
            FormDef def = XFormUtils.getFormFromInputStream(xml);
            if (def == null) {
                throw new PhoneError("form", "the form does not parse");
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            def.writeExternal(new DataOutputStream(bytes));
            return bytes.toByteArray();
        }
    }

    private static void serveMedia(Path media) {
        ReferenceManager manager = ReferenceManager.instance();
        manager.reset();
        // "file-csv" first: JavaRosa takes the first root that is a prefix, and "file" is one of "file-csv";
        // the wrong order gives empty choice lists without a word.
        for (String root : new String[] {"file-csv", "file", "images", "audio", "video", "instance"}) {
            manager.addReferenceFactory(new MediaRoot(root, media));
        }
    }

    private static final class MediaRoot extends PrefixedRootFactory {
        private final Path media;

        MediaRoot(String root, Path media) {
            super(new String[] {root});
            this.media = media;
        }

        @Override
        protected Reference factory(String terminal, String uri) {
            // "jr://file-csv/cases.csv" arrives as "/cases.csv"; a form may name files of its own folder only.
            return new MediaFile(media.resolve(Path.of(terminal).getFileName()).toFile(), uri);
        }
    }

    private record MediaFile(File file, String uri) implements Reference {
        @Override
        public boolean doesBinaryExist() {
            return file.exists();
        }

        @Override
        public InputStream getStream() throws IOException {
            return Files.newInputStream(file.toPath());
        }

        @Override
        public String getURI() {
            return uri;
        }

        @Override
        public String getLocalURI() {
            return file.getAbsolutePath();
        }

        @Override
        public boolean isReadOnly() {
            return true;
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            throw new IOException("form media are read only");
        }

        @Override
        public void remove() throws IOException {
            throw new IOException("form media are read only");
        }

        @Override
        public Reference[] probeAlternativeReferences() {
            return new Reference[0];
        }
    }
}
