package sportel.phone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Are these exactly the bytes that the server announced? */
final class Md5 {
    private Md5() {}

    static String of(byte[] content) {
        try {
            return "md5:" + HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(content));
        } catch (NoSuchAlgorithmException error) {
            throw new IllegalStateException(error);
        }
    }

    static boolean matches(Path file, String hash) throws IOException {
        return Files.exists(file) && of(Files.readAllBytes(file)).equals(hash);
    }

    static void check(byte[] content, String hash, String what) throws PhoneError {
        if (!of(content).equals(hash)) {
            throw new PhoneError("hash", what + " does not have the announced hash: announced " + hash + ", served "
                    + of(content));
        }
    }
}
