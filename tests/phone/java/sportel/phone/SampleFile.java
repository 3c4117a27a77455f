package sportel.phone;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/** Which file does the camera, the microphone or the file picker hand over? Small, and different each time. */
final class SampleFile {
    private static final int SIDE = 24;
    private static final Map<Kind, String> EXTENSIONS =
            Map.of(Kind.IMAGE, "png", Kind.AUDIO, "m4a", Kind.VIDEO, "mp4", Kind.FILE, "txt");

    private SampleFile() {}

    /** Writes the file into the folder under a name of the kind that Collect gives (a number), and returns the name. */
    static String write(Path folder, Kind kind, long seed) throws IOException {
        Random random = new Random(seed);
        String name = (1_000_000_000_000L + Math.floorMod(seed, 999_999_999_999L)) + "." + EXTENSIONS.get(kind);
        Files.createDirectories(folder);
        Files.write(folder.resolve(name), switch (kind) {
            case IMAGE -> picture(random);
            case AUDIO, VIDEO -> movie(random);
            default -> ("Shënim " + random.nextInt() + "\n").getBytes(StandardCharsets.UTF_8);
        });
        return name;
    }

    private static byte[] picture(Random random) throws IOException {
        ByteArrayOutputStream pixels = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflate = new DeflaterOutputStream(pixels)) {
            for (int row = 0; row < SIDE; row++) {
                byte[] line = new byte[1 + 3 * SIDE];
                random.nextBytes(line);
                line[0] = 0;
                deflate.write(line);
            }
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(png);
        out.writeLong(0x89504E470D0A1A0AL);
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(header);
        fields.writeInt(SIDE);
        fields.writeInt(SIDE);
        fields.write(new byte[] {8, 2, 0, 0, 0});
        chunk(out, "IHDR", header.toByteArray());
        chunk(out, "IDAT", pixels.toByteArray());
        chunk(out, "IEND", new byte[0]);
        return png.toByteArray();
    }

    private static void chunk(DataOutputStream out, String type, byte[] content) throws IOException {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(content);
        out.writeInt(content.length);
        out.write(name);
        out.write(content);
        out.writeInt((int) crc.getValue());
    }

    private static byte[] movie(Random random) {
        byte[] bytes = new byte[400];
        random.nextBytes(bytes);
        byte[] start = {0, 0, 0, 16, 'f', 't', 'y', 'p', 'm', 'p', '4', '2', 0, 0, 0, 0};
        System.arraycopy(start, 0, bytes, 0, start.length);
        return bytes;
    }
}
