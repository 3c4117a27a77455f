package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * What does one phone know and do? Its memory is a folder:
 *
 * <pre>
 * settings.json                 what the QR said
 * forms/{folder}/               form.xml, form.json and media/ of a blank form
 * entities/{list}.json          the rows of an entity list
 * instances/{uuid}/             submission.xml, instance.json and the attachments of a finalized form
 * </pre>
 */
final class Phone {
    private final Path folder;
    private final FormFiles forms;
    private final Settings settings;
    private final Server server;
    private final BlankForms blankForms;
    private final EntityLists lists;

    private Phone(Path folder, FormFiles forms, Settings settings) throws IOException {
        this.folder = folder;
        this.forms = forms;
        this.settings = settings;
        server = new Server(settings.deviceId());
        lists = new EntityLists(folder.resolve("entities"), server);
        blankForms = new BlankForms(folder.resolve("forms"), server, lists);
    }

    /** A new phone needs a QR text; one that has been used before finds its settings in the folder. */
    static Phone open(JsonNode request, FormFiles forms) throws Exception {
        Path folder = Path.of(request.get("folder").asText());
        Files.createDirectories(folder);
        Path file = folder.resolve("settings.json");
        if (request.hasNonNull("qr")) {
            String deviceId = request.path("device_id").asText("collect:" + UUID.randomUUID());
            Files.writeString(file, Settings.fromQr(request.get("qr").asText(), deviceId).toString());
        } else if (!Files.exists(file)) {
            throw new PhoneError("settings", "a new phone needs the text of a settings QR");
        }
        return new Phone(folder, forms, new Settings((ObjectNode) Main.JSON.readTree(file.toFile())));
    }

    ObjectNode describe() throws IOException {
        ObjectNode phone = Main.JSON.createObjectNode();
        phone.set("settings", settings.all());
        phone.put("server_url", settings.serverUrl()).put("device_id", settings.deviceId());
        phone.set("forms", blankForms.describe());
        return phone;
    }

    JsonNode head() throws Exception {
        return Sender.head(server, settings).describe();
    }

    JsonNode updateForms() throws Exception {
        ObjectNode changes = blankForms.update(settings);
        changes.set("forms", blankForms.describe());
        changes.set("lists", lists.describe());
        return changes;
    }

    JsonNode fill(JsonNode request) throws Exception {
        BlankForms.Blank blank = blankForms.find(request.get("form_id").asText());
        lists.writeInto(blank.media());
        settings.announce();
        return keep(blank, request, Opened.fresh(forms, blank.xml(), blank.media()), null);
    }

    /** Opens a finalized form again; the new instance replaces the old one on the server. */
    JsonNode edit(JsonNode request) throws Exception {
        Path old = instanceFolder(request.get("instance_id").asText());
        JsonNode kept = Main.JSON.readTree(old.resolve("instance.json").toFile());
        BlankForms.Blank blank = blankForms.find(kept.get("form_id").asText());
        lists.writeInto(blank.media());
        settings.announce();
        byte[] instance = Files.readAllBytes(old.resolve("submission.xml"));
        return keep(blank, request, Opened.again(forms, blank.xml(), blank.media(), instance), old);
    }

    private JsonNode keep(BlankForms.Blank blank, JsonNode request, org.javarosa.core.model.FormDef form, Path old)
            throws Exception {
        Path drafts = folder.resolve("draft-" + UUID.randomUUID());
        Files.createDirectories(drafts);
        Filling filling;
        try {
            filling = Filling.run(form, request, drafts);
        } catch (PhoneError error) {
            Folders.delete(drafts);
            throw error;
        }
        ObjectNode filled = filling.describe();
        Path place = instanceFolder(filling.instanceId());
        Files.createDirectories(place.getParent());
        Files.move(drafts, place);
        if (old != null) {
            Folders.copyMissing(old, place, filled.get("attachments"));
        }
        Files.write(place.resolve("submission.xml"), filling.xml);
        ObjectNode kept = Main.JSON.createObjectNode();
        kept.put("form_id", blank.formId()).put("version", blank.version()).put("state", "finalized");
        kept.set("attachments", filled.get("attachments"));
        Main.JSON.writeValue(place.resolve("instance.json").toFile(), kept);
        if (old == null) {
            // An edit leaves entities alone: Collect applies them once, when the form is finalized first.
            lists.apply(filling.entities());
        }
        return filled.put("folder", place.toString());
    }

    JsonNode send(JsonNode request) throws Exception {
        Path place = instanceFolder(request.get("instance_id").asText());
        if (!Files.exists(place.resolve("submission.xml"))) {
            throw new PhoneError("instance", "there is no such finalized form on the phone");
        }
        ObjectNode kept = (ObjectNode) Main.JSON.readTree(place.resolve("instance.json").toFile());
        ObjectNode result = new Sender(server, settings, request).send(place, (ArrayNode) kept.get("attachments"));
        if (result.get("sent").asBoolean()) {
            Main.JSON.writeValue(place.resolve("instance.json").toFile(), kept.put("state", "submitted"));
            if (request.path("delete").asBoolean(settings.deleteAfterSend())) {
                Folders.delete(place);
            }
        }
        return result;
    }

    private Path instanceFolder(String instanceId) {
        return folder.resolve("instances").resolve(instanceId.replaceAll("[^A-Za-z0-9._-]", "_"));
    }
}
