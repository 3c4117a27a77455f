package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.w3c.dom.Element;

/**
 * Which blank forms does the phone have, and what does the server's form list change?
 *
 * <p>Stricter than Collect, because it tests: whatever Collect would swallow (a failing manifest, a file
 * whose md5 differs) is an error here.
 */
final class BlankForms {
    private static final String LIST_NAMESPACE = "http://openrosa.org/xforms/xformsList";
    private static final String MANIFEST_NAMESPACE = "http://openrosa.org/xforms/xformsManifest";

    private final Path folder;
    private final Server server;
    private final EntityLists lists;

    BlankForms(Path folder, Server server, EntityLists lists) throws IOException {
        this.folder = folder;
        this.server = server;
        this.lists = lists;
        Files.createDirectories(folder);
    }

    record Blank(Path place, JsonNode facts) {
        String formId() {
            return facts.get("form_id").asText();
        }

        String version() {
            return facts.path("version").asText();
        }

        Path xml() {
            return place.resolve("form.xml");
        }

        Path media() {
            return place.resolve("media");
        }
    }

    Blank find(String formId) throws IOException, PhoneError {
        for (Blank blank : all()) {
            if (blank.formId().equals(formId)) {
                return blank;
            }
        }
        throw new PhoneError("unknown-form", "the phone has no form " + formId + "; update the forms first");
    }

    ArrayNode describe() throws IOException {
        ArrayNode forms = Main.JSON.createArrayNode();
        all().forEach(blank -> forms.add(blank.facts()));
        return forms;
    }

    /** Takes over the server's form list: new and changed forms, their files, and removals. */
    ObjectNode update(Settings settings) throws Exception {
        List<Map<String, String>> listed = formList(settings.serverUrl() + "/formList");
        ObjectNode changes = Main.JSON.createObjectNode();
        ArrayNode downloaded = changes.putArray("downloaded");
        ArrayNode files = changes.putArray("files");
        Set<String> wanted = new HashSet<>();
        for (Map<String, String> form : listed) {
            wanted.add(form.get("formID"));
            Path place = folder.resolve(form.get("formID").replaceAll("[^A-Za-z0-9._-]", "_"));
            Files.createDirectories(place.resolve("media"));
            if (!Md5.matches(place.resolve("form.xml"), form.get("hash"))) {
                downloadForm(place, form);
                downloaded.add(form.get("formID"));
            }
            if (form.containsKey("manifestUrl")) {
                downloadMedia(place, form.get("manifestUrl"), files);
            }
        }
        ArrayNode removed = changes.putArray("removed");
        for (Blank blank : settings.matchesExactly() ? all() : List.<Blank>of()) {
            if (!wanted.contains(blank.formId())) {
                Folders.delete(blank.place());
                removed.add(blank.formId());
            }
        }
        return changes;
    }

    private List<Map<String, String>> formList(String address) throws PhoneError {
        Server.Reply reply = server.get(address);
        if (reply.status() != 200) {
            throw new PhoneError("form-list", "formList was answered with " + reply.status())
                    .with("status", String.valueOf(reply.status())).with("message", reply.message());
        }
        if (reply.openRosa().isEmpty()) {
            throw new PhoneError("not-openrosa", "formList: the header X-OpenRosa-Version is missing");
        }
        List<Map<String, String>> forms = new ArrayList<>();
        for (Element form : Xml.children(Xml.root(reply.body(), LIST_NAMESPACE, "xforms"), "xform")) {
            Map<String, String> facts = Xml.texts(form);
            // One bad entry makes Collect reject the whole list.
            Xml.require(facts, "formList", "formID", "name", "downloadUrl", "hash");
            forms.add(facts);
        }
        return forms;
    }

    private void downloadForm(Path place, Map<String, String> form) throws Exception {
        byte[] xml = server.download(form.get("downloadUrl"));
        Md5.check(xml, form.get("hash"), "the form " + form.get("formID"));
        Files.write(place.resolve("form.xml"), xml);
        ObjectNode facts = Main.JSON.createObjectNode();
        facts.put("form_id", form.get("formID")).put("name", form.get("name"));
        facts.put("version", form.getOrDefault("version", "")).put("hash", form.get("hash"));
        facts.put("folder", place.toString());
        Main.JSON.writeValue(place.resolve("form.json").toFile(), facts);
    }

    private void downloadMedia(Path place, String address, ArrayNode changed) throws Exception {
        Server.Reply reply = server.get(address);
        if (reply.status() != 200) {
            throw new PhoneError("manifest", "the manifest was answered with " + reply.status());
        }
        for (Element file : Xml.children(Xml.root(reply.body(), MANIFEST_NAMESPACE, "manifest"), "mediaFile")) {
            Map<String, String> facts = Xml.texts(file);
            Xml.require(facts, "manifest", "filename", "hash", "downloadUrl");
            String name = facts.get("filename");
            String type = file.getAttribute("type");
            if (type.equals("entityList") || type.equals("approvalEntityList")) {
                if (lists.update(facts, type)) {
                    changed.add(name);
                }
            } else if (!Md5.matches(place.resolve("media").resolve(name), facts.get("hash"))) {
                byte[] content = server.download(facts.get("downloadUrl"));
                Md5.check(content, facts.get("hash"), "the file " + name);
                Files.write(place.resolve("media").resolve(name), content);
                changed.add(name);
            }
        }
    }

    private List<Blank> all() throws IOException {
        List<Blank> blanks = new ArrayList<>();
        try (Stream<Path> places = Files.list(folder)) {
            for (Path place : places.sorted().toList()) {
                if (Files.exists(place.resolve("form.json"))) {
                    blanks.add(new Blank(place, Main.JSON.readTree(place.resolve("form.json").toFile())));
                }
            }
        }
        return blanks;
    }
}
