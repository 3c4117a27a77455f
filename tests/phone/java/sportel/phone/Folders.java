package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** How are the phone's folders cleared and copied? */
final class Folders {
    private Folders() {}

    static void delete(Path folder) throws IOException {
        List<Path> deepestFirst;
        try (Stream<Path> all = Files.walk(folder)) {
            deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path one : deepestFirst) {
            Files.delete(one);
        }
    }

    static void copyMissing(Path from, Path to, JsonNode names) throws IOException {
        for (JsonNode name : names) {
            Path source = from.resolve(name.asText());
            if (Files.exists(source) && !Files.exists(to.resolve(name.asText()))) {
                Files.copy(source, to.resolve(name.asText()));
            }
        }
    }
}
