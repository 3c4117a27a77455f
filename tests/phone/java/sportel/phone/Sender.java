package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * When is a finalized form sent? Only when each of its batches was answered with 201 or 202.
 *
 * <p>Every batch has the same XML; all but the last carry {@code *isIncomplete*}=yes.
 */
final class Sender {
    private static final int MOST_FILES = 100;
    private static final long DEFAULT_LENGTH = 10_485_760;
    private static final Map<String, String> TYPES = Map.of(
            "png", "image/png", "jpg", "image/jpeg", "m4a", "audio/mp4", "mp4", "video/mp4", "txt", "text/plain",
            "csv", "text/csv", "pdf", "application/pdf");

    /** The address to post to, and the greatest length of one post, as HEAD told. */
    record Endpoint(String address, long maxLength) {
        ObjectNode describe() {
            return Main.JSON.createObjectNode().put("address", address).put("accept_content_length", maxLength);
        }
    }

    private final Server server;
    private final Settings settings;
    private final JsonNode request;
    private int posts;

    Sender(Server server, Settings settings, JsonNode request) {
        this.server = server;
        this.settings = settings;
        this.request = request;
    }

    static Endpoint head(Server server, Settings settings) throws PhoneError {
        String address = settings.serverUrl() + "/submission";
        Server.Reply reply = server.head(address);
        if (reply.status() != 204) {
            throw new PhoneError("not-openrosa", "HEAD submission must be answered with 204, not " + reply.status())
                    .with("status", String.valueOf(reply.status()));
        }
        if (reply.openRosa().isEmpty()) {
            throw new PhoneError("not-openrosa", "HEAD submission: the header X-OpenRosa-Version is missing");
        }
        String place = address;
        if (reply.location().isPresent()) {
            URI moved = URI.create(address).resolve(reply.location().get());
            if (!moved.getHost().equalsIgnoreCase(URI.create(address).getHost())) {
                throw new PhoneError("not-openrosa", "HEAD submission points to another host");
            }
            place = moved.toString();
        }
        return new Endpoint(place, reply.acceptLength().orElse(DEFAULT_LENGTH));
    }

    ObjectNode send(Path instance, ArrayNode names) throws Exception {
        int retries = request.path("retries").asInt(0);
        while (true) {
            try {
                return sendOnce(instance, names).put("posts", posts);
            } catch (PhoneError error) {
                if (!error.kind.equals("network") || retries-- <= 0) {
                    return Main.JSON.createObjectNode().put("sent", false).put("status", 0).put("posts", posts)
                            .put("kind", error.kind).put("message", error.getMessage());
                }
            }
        }
    }

    private ObjectNode sendOnce(Path instance, ArrayNode names) throws Exception {
        Endpoint endpoint = head(server, settings);
        byte[] xml = Files.readAllBytes(instance.resolve("submission.xml"));
        List<List<Path>> batches = batches(instance, names, xml.length, endpoint.maxLength);
        Server.Reply reply = null;
        for (int batch = 0; batch < batches.size(); batch++) {
            boolean more = batch < batches.size() - 1;
            reply = post(endpoint, instance, xml, batches.get(batch), more);
            if (reply.status() != 201 && reply.status() != 202) {
                return result(false, reply, batches.size()).put("kind", "refused");
            }
        }
        return result(true, reply, batches.size());
    }

    private static ObjectNode result(boolean sent, Server.Reply reply, int batches) {
        return Main.JSON.createObjectNode().put("sent", sent).put("status", reply.status())
                .put("message", reply.message()).put("batches", batches);
    }

    private Server.Reply post(Endpoint endpoint, Path instance, byte[] xml, List<Path> files, boolean more)
            throws Exception {
        String boundary = UUID.randomUUID().toString();
        byte[] body = multipart(boundary, instance.getFileName() + ".xml", xml, files, more);
        String type = "multipart/form-data; boundary=" + boundary;
        JsonNode cut = request.path("cut");
        boolean first = posts++ == 0;
        if (first && !cut.isMissingNode() && !cut.isNull()) {
            server.postAndLose(endpoint.address, type, body, cut.isNumber() ? cut.asInt() : -1);
        }
        return server.post(endpoint.address, type, body);
    }

    private static List<List<Path>> batches(Path instance, ArrayNode names, long xmlLength, long maxLength)
            throws IOException {
        List<List<Path>> batches = new ArrayList<>();
        List<Path> batch = new ArrayList<>();
        long length = xmlLength;
        for (JsonNode name : names) {
            Path file = instance.resolve(name.asText());
            long size = Files.size(file);
            if (!batch.isEmpty() && (batch.size() >= MOST_FILES || length + size > maxLength)) {
                batches.add(batch);
                batch = new ArrayList<>();
                length = xmlLength;
            }
            batch.add(file);
            length += size;
        }
        batches.add(batch);
        return batches;
    }

    private static byte[] multipart(String boundary, String xmlName, byte[] xml, List<Path> files, boolean more)
            throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        part(body, boundary, "xml_submission_file\"; filename=\"" + xmlName, "text/xml", xml);
        for (Path file : files) {
            String name = file.getFileName().toString();
            String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
            part(body, boundary, name + "\"; filename=\"" + name,
                    TYPES.getOrDefault(extension, "application/octet-stream"), Files.readAllBytes(file));
        }
        if (more) {
            part(body, boundary, "*isIncomplete*", "text/plain", "yes".getBytes(StandardCharsets.US_ASCII));
        }
        body.writeBytes(("--" + boundary + "--\r\n").getBytes(StandardCharsets.US_ASCII));
        return body.toByteArray();
    }

    private static void part(ByteArrayOutputStream body, String boundary, String name, String type, byte[] content) {
        body.writeBytes(("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\nContent-Type: "
                + type + "\r\nContent-Length: " + content.length + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
        body.writeBytes(content);
        body.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
    }
}
