package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedWriter;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.data.UncastData;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.model.instance.TreeReference;

/**
 * Which parts of a form are open after every combination of answers to its gate questions?
 *
 * <p>One open form; answers are set and taken back, question by question, and the engine recalculates. A question
 * that is relevant takes each of its values in turn, the empty one included; one that is not keeps what it had at
 * the beginning. That is every way in which a person can go through the gates, thousands of them in seconds.
 *
 * <p>Standard input: one JSON object with form, media, initial (path to value: what is there at the beginning),
 * questions (list of path and values) and watch (paths). Standard output, one line for each combination: for each
 * question the number of its value or "-", a tab, and for each watched path 1 (open) or 0.
 */
public final class GateTree {
    private record Gate(TreeElement element, List<String> values) {}

    private final FormDef form;
    private final List<Gate> gates = new ArrayList<>();
    private final List<TreeElement> watched = new ArrayList<>();
    private final BufferedWriter out;

    private GateTree(FormDef form, JsonNode request, BufferedWriter out) {
        this.form = form;
        this.out = out;
        request.get("initial").fields().forEachRemaining(one -> set(at(one.getKey()), one.getValue().asText()));
        for (JsonNode question : request.get("questions")) {
            List<String> values = new ArrayList<>();
            question.get("values").forEach(value -> values.add(value.asText()));
            gates.add(new Gate(at(question.get("path").asText()), values));
        }
        request.get("watch").forEach(path -> watched.add(at(path.asText())));
    }

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err);
        JavaRosa.start();
        JsonNode request = Main.JSON.readTree(System.in);
        FormDef form = Opened.fresh(
                new FormFiles(), Path.of(request.get("form").asText()), Path.of(request.get("media").asText()));
        try (var out = new BufferedWriter(new OutputStreamWriter(answers, StandardCharsets.US_ASCII))) {
            GateTree tree = new GateTree(form, request, out);
            tree.walk(0, new String[tree.gates.size()]);
        }
    }

    private void walk(int depth, String[] chosen) throws Exception {
        if (depth == gates.size()) {
            out.write(String.join(" ", chosen));
            out.write('\t');
            for (TreeElement element : watched) {
                out.write(element.isRelevant() ? '1' : '0');
            }
            out.write('\n');
            return;
        }
        Gate gate = gates.get(depth);
        if (!gate.element().isRelevant()) {
            chosen[depth] = "-";
            walk(depth + 1, chosen);
            return;
        }
        String before = gate.element().getValue() == null ? "" : gate.element().getValue().uncast().getString();
        for (int choice = 0; choice < gate.values().size(); choice++) {
            set(gate.element(), gate.values().get(choice));
            chosen[depth] = Integer.toString(choice);
            walk(depth + 1, chosen);
        }
        set(gate.element(), before);
    }

    private void set(TreeElement element, String value) {
        form.setValue(value.isEmpty() ? null : new UncastData(value), element.getRef(), true);
    }

    private TreeElement at(String path) {
        TreeElement element = form.getMainInstance().getRoot();
        for (String step : path.substring(1).split("/")) {
            element = element.getChild(step, TreeReference.DEFAULT_MUTLIPLICITY);
            if (element == null) {
                throw new IllegalArgumentException("no such place in the form: " + path);
            }
        }
        return element;
    }
}
