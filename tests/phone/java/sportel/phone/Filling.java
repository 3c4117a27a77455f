package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Base64;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.model.xform.XFormSerializingVisitor;

/** What is there when a form has been filled and finalized: the instance's bytes, and what was typed? */
final class Filling {
    private final FormDef form;
    private final Walk walk;
    final byte[] xml;

    private Filling(FormDef form, Walk walk, byte[] xml) {
        this.form = form;
        this.walk = walk;
        this.xml = xml;
    }

    /** A form file without a phone around it: for tests of forms and of the reading of instances. */
    static JsonNode ofFile(FormFiles forms, JsonNode request) throws Exception {
        Path form = Path.of(request.get("form").asText());
        Path media = Path.of(request.path("media").asText(form.toAbsolutePath().getParent().toString()));
        FormDef def = request.has("instance")
                ? Opened.again(forms, form, media, Base64.getDecoder().decode(request.get("instance").asText()))
                : Opened.fresh(forms, form, media);
        return run(def, request, Path.of(request.get("out").asText())).describe();
    }

    static Filling run(FormDef form, JsonNode request, Path folder) throws Exception {
        Walk walk = new Walk(form, new Person(request), folder, request.path("labels").asBoolean(false));
        if (request.hasNonNull("language")) {
            walk.choose(request.get("language").asText());
        }
        walk.through();
        boolean finalized = walk.refused.isEmpty() && walk.finalizes();
        refuse(walk, finalized, request.path("strict").asBoolean(true));
        walk.controller.finalizeFormEntry();
        byte[] xml = new XFormSerializingVisitor().serializeInstance(form.getMainInstance());
        return new Filling(form, walk, xml);
    }

    private static void refuse(Walk walk, boolean finalized, boolean strict) throws PhoneError {
        if (!finalized) {
            var first = walk.refused.entrySet().stream().findFirst();
            PhoneError error = new PhoneError("refused", first
                    .map(one -> one.getKey() + ": " + one.getValue().why() + " (" + one.getValue().message() + ")")
                    .orElse("the form cannot be finalized"));
            walk.refused.forEach((path, refusal) -> error.with(path, refusal.why()));
            throw error;
        }
        if (strict && !walk.person().script.unused().isEmpty()) {
            PhoneError error = new PhoneError(
                    "not-asked", "never asked, so not relevant or not in the form: " + walk.person().script.unused());
            walk.person().script.unused().forEach(path -> error.with(path, "not-asked"));
            throw error;
        }
    }

    String instanceId() {
        return Opened.metadata(form.getMainInstance(), "instanceID");
    }

    ArrayNode entities() {
        return FormEntities.of(form);
    }

    ObjectNode describe() {
        ObjectNode filled = Main.JSON.createObjectNode();
        TreeElement root = form.getMainInstance().getRoot();
        filled.put("form_id", root.getAttributeValue(null, "id"));
        filled.put("version", root.getAttributeValue(null, "version"));
        filled.put("instance_id", instanceId());
        filled.put("instance_name", Opened.metadata(form.getMainInstance(), "instanceName"));
        filled.put("xml", Base64.getEncoder().encodeToString(xml));
        filled.put("language", walk.language());
        ArrayNode entered = filled.putArray("entered");
        ArrayNode discarded = filled.putArray("discarded");
        ArrayNode attachments = filled.putArray("attachments");
        walk.given.forEach((path, given) -> {
            if (!walk.isRelevant(given.reference())) {
                discarded.add(path);
                return;
            }
            ObjectNode one = entered.addObject();
            one.put("path", path).put("type", given.answer().kind().word()).set("value", given.answer().value());
            if (given.label() != null) {
                one.put("label", given.label());
            }
            if (given.shown() != null) {
                given.shown().forEach(one.withArray("shown")::add);
            }
            if (given.answer().kind().isFile()) {
                attachments.add(given.answer().value().asText());
            }
        });
        walk.blank.forEach(filled.putArray("blank")::add);
        calculated(root, filled.putObject("calculated"));
        filled.set("entities", entities());
        return filled;
    }

    /** The values that no person typed: calculations and metadata, as the engine's own text. */
    private void calculated(TreeElement node, ObjectNode into) {
        if (node.getMult() < 0 || !node.isRelevant()) {
            return;
        }
        for (int i = 0; i < node.getNumChildren(); i++) {
            calculated(node.getChildAt(i), into);
        }
        IAnswerData value = node.getValue();
        String path = walk.paths.of(node.getRef());
        if (node.getNumChildren() == 0 && value != null && !walk.given.containsKey(path)) {
            into.put(path, value.uncast().getString());
        }
    }
}
