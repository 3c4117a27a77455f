package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.apache.commons.csv.CSVRecord;
import org.w3c.dom.Element;

/**
 * Which entities does the phone know, from the server and from its own finalized forms?
 *
 * <p>An entity made here is "offline" until the server lists it; its rows reach the forms as a CSV with the
 * columns name, label, __version, __trunkVersion, __branchId and the properties.
 */
final class EntityLists {
    private final Path folder;
    private final Server server;

    EntityLists(Path folder, Server server) throws IOException {
        this.folder = folder;
        this.server = server;
        Files.createDirectories(folder);
    }

    /** Takes over the server's list; true if it has changed since the last time. */
    boolean update(Map<String, String> file, String type) throws Exception {
        String name = file.get("filename").replaceAll("\\.csv$", "");
        ObjectNode list = read(name);
        if (file.get("hash").equals(list.path("hash").asText())) {
            return false;
        }
        byte[] content = server.download(file.get("downloadUrl"));
        Md5.check(content, file.get("hash"), "the list " + name);
        ObjectNode known = list.with("entities");
        Set<String> missing = new LinkedHashSet<>();
        known.fieldNames().forEachRemaining(missing::add);
        for (CSVRecord row : records(content, name)) {
            missing.remove(row.get("name"));
            take(known, row);
        }
        forget(known, missing, file.get("integrityUrl"));
        list.put("hash", file.get("hash")).put("type", type);
        write(name, list);
        return true;
    }

    private static List<CSVRecord> records(byte[] content, String name) throws Exception {
        CSVFormat format = CSVFormat.RFC4180.withFirstRecordAsHeader();
        try (var parser = format.parse(new StringReader(new String(content, StandardCharsets.UTF_8)))) {
            if (!parser.getHeaderMap().keySet().containsAll(List.of("name", "label", "__version"))) {
                throw new PhoneError("list", "the list " + name + " needs the columns name, label and __version");
            }
            return parser.getRecords();
        }
    }

    private static void take(ObjectNode known, CSVRecord row) {
        int version = Integer.parseInt(row.get("__version"));
        JsonNode mine = known.path(row.get("name"));
        if (mine.path("version").asInt(0) > version) {
            known.with(row.get("name")).put("offline", false);
            return;
        }
        ObjectNode entity = known.putObject(row.get("name"));
        entity.put("label", row.get("label")).put("version", version).put("trunk", version).put("offline", false);
        entity.put("branch", UUID.randomUUID().toString());
        ObjectNode data = entity.putObject("data");
        row.toMap().forEach((column, text) -> {
            if (!Set.of("name", "label", "__version").contains(column)) {
                data.put(column, text);
            }
        });
    }

    /** Listed entities that vanished are gone; of those made here, the server is asked which it deleted. */
    private void forget(ObjectNode known, Set<String> missing, String integrityUrl) throws PhoneError {
        List<String> made = new ArrayList<>();
        for (String id : missing) {
            if (known.get(id).get("offline").asBoolean()) {
                made.add(id);
            } else {
                known.remove(id);
            }
        }
        if (made.isEmpty() || integrityUrl == null) {
            return;
        }
        byte[] answer = server.download(integrityUrl + "?id=" + String.join(",", made));
        for (Element entities : Xml.children(Xml.root(answer, null, "data"), "entities")) {
            for (Element entity : Xml.children(entities, "entity")) {
                if (Xml.texts(entity).getOrDefault("deleted", "false").equals("true")) {
                    known.remove(entity.getAttribute("id"));
                }
            }
        }
    }

    /** What a finalized form does to the lists that the phone has, before anything is sent. */
    void apply(ArrayNode entities) throws IOException {
        for (JsonNode change : entities) {
            String name = change.path("dataset").asText();
            if (!Files.exists(file(name))) {
                continue;
            }
            ObjectNode list = read(name);
            ObjectNode known = list.with("entities");
            String id = change.path("id").asText();
            if (FormEntities.isTrue(change.path("create").asText())
                    && !list.path("type").asText().equals("approvalEntityList")) {
                ObjectNode entity = known.putObject(id);
                entity.put("label", change.get("label").asText()).put("version", 1).putNull("trunk");
                entity.put("offline", true).put("branch", UUID.randomUUID().toString());
                entity.set("data", change.get("data"));
            } else if (known.has(id)) {
                ObjectNode entity = (ObjectNode) known.get(id);
                entity.put("version", entity.get("version").asInt() + 1);
                if (!change.get("label").asText().isEmpty()) {
                    entity.put("label", change.get("label").asText());
                }
                change.get("data").fields()
                        .forEachRemaining(one -> entity.with("data").set(one.getKey(), one.getValue()));
            }
            write(name, list);
        }
    }

    /** The lists as the files that the form's secondary instances name. */
    void writeInto(Path media) throws IOException {
        for (String name : names()) {
            JsonNode known = read(name).with("entities");
            Set<String> properties = new LinkedHashSet<>();
            known.forEach(entity -> entity.get("data").fieldNames().forEachRemaining(properties::add));
            List<String> header =
                    new ArrayList<>(List.of("name", "label", "__version", "__trunkVersion", "__branchId"));
            header.addAll(properties);
            try (CSVPrinter csv = new CSVPrinter(
                    Files.newBufferedWriter(media.resolve(name + ".csv")), CSVFormat.RFC4180)) {
                csv.printRecord(header);
                for (var rows = known.fields(); rows.hasNext(); ) {
                    var row = rows.next();
                    JsonNode entity = row.getValue();
                    List<String> cells = new ArrayList<>(List.of(
                            row.getKey(), entity.get("label").asText(), entity.get("version").asText(),
                            entity.get("trunk").asText("").replace("null", ""), entity.get("branch").asText()));
                    properties.forEach(property -> cells.add(entity.get("data").path(property).asText("")));
                    csv.printRecord(cells);
                }
            }
        }
    }

    ObjectNode describe() throws IOException {
        ObjectNode lists = Main.JSON.createObjectNode();
        for (String name : names()) {
            lists.set(name, read(name).with("entities"));
        }
        return lists;
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(one -> one.getFileName().toString().replaceAll("\\.json$", "")).sorted().toList();
        }
    }

    private Path file(String name) {
        return folder.resolve(name + ".json");
    }

    private ObjectNode read(String name) throws IOException {
        return Files.exists(file(name))
                ? (ObjectNode) Main.JSON.readTree(file(name).toFile())
                : Main.JSON.createObjectNode();
    }

    private void write(String name, ObjectNode list) throws IOException {
        Main.JSON.writeValue(file(name).toFile(), list);
    }
}
