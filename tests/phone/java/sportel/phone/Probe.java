package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.model.instance.TreeElement;

/**
 * What does the form open when certain questions are answered in a certain way, and can it still be ended?
 *
 * <p>For each case: the scripted answers alone decide what is {@code relevant}; then the remaining required
 * questions are answered with something valid, which decides {@code finalized} and {@code relevant_at_end}.
 */
final class Probe {
    private Probe() {}

    static JsonNode run(FormFiles forms, JsonNode request) throws Exception {
        Path form = Path.of(request.get("form").asText());
        Path media = Path.of(request.path("media").asText(form.toAbsolutePath().getParent().toString()));
        Path files = Path.of(request.get("out").asText());
        ArrayNode results = Main.JSON.createArrayNode();
        // Reading a definition takes longer than a walk; here one is enough, with a fresh instance for each case.
        FormDef def = forms.open(form, media);
        TreeElement untouched = def.getMainInstance().getRoot().deepCopy(true);
        for (JsonNode answers : request.get("cases")) {
            Person alone = person(answers, null);
            def.getMainInstance().setRoot(untouched.deepCopy(true));
            def.initialize(true, new InstanceInitializationFactory());
            Walk walk = new Walk(def, alone, files, false);
            walk.through();
            ObjectNode result = results.addObject();
            walk.reached.forEach(result.putArray("relevant")::add);
            ObjectNode refused = result.putObject("refused");
            walk.refused.forEach((path, refusal) -> {
                if (answers.has(path)) {
                    refused.put(path, refusal.why());
                }
            });
            walk.handOver(person(answers, request.path("seed").asLong(1)));
            walk.through();
            result.put("finalized", walk.refused.isEmpty() && walk.finalizes());
            walk.reached.forEach(result.putArray("relevant_at_end")::add);
            walk.refused.forEach((path, refusal) -> refused.put(path, refusal.why()));
            var notAsked = alone.script.unused();
            notAsked.retainAll(walk.person().script.unused());
            notAsked.forEach(path -> refused.put(path, "not-asked"));
        }
        return results;
    }

    private static Person person(JsonNode answers, Long seed) {
        ObjectNode request = Main.JSON.createObjectNode();
        request.set("answers", answers);
        if (seed != null) {
            request.put("seed", seed).put("optional", 0);
        }
        return new Person(request);
    }
}
