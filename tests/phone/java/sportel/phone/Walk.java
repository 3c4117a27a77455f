package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.FormIndex;
import org.javarosa.core.model.GroupDef;
import org.javarosa.core.model.ValidateOutcome;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.form.api.FormEntryController;
import org.javarosa.form.api.FormEntryModel;
import org.javarosa.form.api.FormEntryPrompt;

/**
 * What happens when a person goes through the form from the first screen to the last?
 *
 * <p>Only what is relevant is seen; what the form engine refuses is refused; at the end the whole form is
 * validated as Collect does before it finalizes, and the person goes back to what fails.
 */
final class Walk {
    private static final int MOST_STEPS = 100_000;
    private static final int MOST_RETURNS = 30;

    /** One accepted answer: where it lies, and what the person read on the screen. */
    record Given(TreeReference reference, Answer answer, String label, List<String> shown) {}

    /** Why an answer, or the form as a whole, was not accepted. */
    record Refusal(String why, String message) {}

    final FormDef form;
    final FormEntryController controller;
    final Paths paths;
    final Map<String, Given> given = new LinkedHashMap<>();
    final Set<String> blank = new LinkedHashSet<>();
    final Set<String> reached = new LinkedHashSet<>();
    final Map<String, Refusal> refused = new LinkedHashMap<>();

    private final FormEntryModel model;
    private final Path folder;
    private final boolean labels;
    private Person person;

    Walk(FormDef form, Person person, Path folder, boolean labels) {
        this.form = form;
        this.person = person;
        this.folder = folder;
        this.labels = labels;
        model = new FormEntryModel(form, FormEntryModel.REPEAT_STRUCTURE_LINEAR);
        controller = new FormEntryController(model);
        paths = new Paths(form);
    }

    Person person() {
        return person;
    }

    /** Hands the phone to someone else, who goes on with the answers that are there. */
    void handOver(Person next) {
        person = next;
        blank.clear();
        refused.clear();
    }

    /** The language whose name is, or contains in brackets, the wanted one ("sq" finds "Shqip (sq)"). */
    void choose(String language) throws PhoneError {
        String[] languages = model.getLanguages();
        for (String one : languages == null ? new String[0] : languages) {
            if (one.equals(language) || one.contains("(" + language + ")")) {
                controller.setLanguage(one);
                return;
            }
        }
        throw new PhoneError("language", "the form has no language " + language);
    }

    String language() {
        return model.getLanguages() == null ? "" : model.getLanguage();
    }

    /** From the first to the last screen; a second time if a scripted question opened behind the person's back. */
    void through() throws PhoneError {
        int before;
        do {
            before = person.script.unused().size();
            once();
        } while (!person.script.unused().isEmpty() && person.script.unused().size() < before);
    }

    private void once() throws PhoneError {
        reached.clear();
        controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        for (int steps = 0; steps < MOST_STEPS; steps++) {
            switch (controller.stepToNextEvent()) {
                case FormEntryController.EVENT_END_OF_FORM -> {
                    return;
                }
                case FormEntryController.EVENT_QUESTION -> ask(model.getFormIndex(), false);
                case FormEntryController.EVENT_GROUP -> reached.add(pathOf(model.getFormIndex()));
                case FormEntryController.EVENT_REPEAT -> enterRepeat();
                case FormEntryController.EVENT_PROMPT_NEW_REPEAT -> addRepeat();
                default -> { }
            }
        }
        throw new PhoneError("form", "the form does not end after " + MOST_STEPS + " screens");
    }

    private void enterRepeat() {
        FormIndex index = model.getFormIndex();
        String path = pathOf(index);
        GroupDef repeat = (GroupDef) form.getChild(index);
        boolean fixed = repeat.noAddRemove || repeat.getCountReference() != null;
        if (!fixed && index.getElementMultiplicity() >= person.repeats(Paths.withoutLast(path))) {
            controller.jumpToIndex(controller.deleteRepeat(index));
        } else {
            reached.add(path);
        }
    }

    private void addRepeat() {
        FormIndex index = model.getFormIndex();
        String path = pathOf(index);
        if (index.getElementMultiplicity() < person.repeats(Paths.withoutLast(path))) {
            controller.newRepeat();
            reached.add(path);
        }
    }

    private void ask(FormIndex index, boolean again) throws PhoneError {
        String path = pathOf(index);
        reached.add(path);
        FormEntryPrompt prompt = model.getQuestionPrompt(index);
        boolean unasked = !given.containsKey(path) && !blank.contains(path);
        if (prompt.isReadOnly() || !(unasked || again || (person.script.has(path) && !given.containsKey(path)))) {
            return;
        }
        Question question = Question.at(form, index, path, prompt);
        Refusal refusal = new Refusal("required", "required");
        for (JsonNode candidate : person.candidates(question)) {
            refusal = tryAnswer(question, candidate);
            if (refusal == null) {
                refused.remove(path);
                return;
            }
        }
        if (question.kind().isChoice() && question.choices().isEmpty()) {
            refusal = new Refusal("no-choices", "the list of choices is empty");
        }
        refused.put(path, refusal);
    }

    private Refusal tryAnswer(Question question, JsonNode candidate) throws PhoneError {
        if (candidate.isNull()) {
            if (question.required()) {
                return new Refusal("required", "required");
            }
            controller.answerQuestion(question.index(), null, false);
            given.remove(question.path());
            blank.add(question.path());
            return null;
        }
        JsonNode typed = typed(question, candidate);
        if (question.kind().isChoice() && !offered(question, typed)) {
            return new Refusal("not-a-choice", "not among the choices");
        }
        Answer answer = Answer.of(question.kind(), typed);
        int outcome = controller.answerQuestion(question.index(), answer.data(), false);
        if (outcome == FormEntryController.ANSWER_CONSTRAINT_VIOLATED) {
            String message = question.prompt().getConstraintText(answer.data());
            return new Refusal("constraint", message == null ? "" : message);
        }
        String label = labels ? question.prompt().getQuestionText() : null;
        List<String> shown = labels && question.kind().isChoice() ? question.shown(typed) : null;
        blank.remove(question.path());
        given.put(question.path(), new Given(question.index().getReference(), answer, label, shown));
        return null;
    }

    private JsonNode typed(Question question, JsonNode candidate) throws PhoneError {
        if (candidate.has("label")) {
            return new TextNode(question.choiceLabelled(candidate.get("label").asText()));
        }
        if (!question.kind().isFile() || !candidate.isObject()) {
            return candidate;
        }
        try {
            if (candidate.has("sample")) {
                return new TextNode(SampleFile.write(folder, question.kind(), candidate.get("sample").asLong()));
            }
            Path source = Path.of(candidate.get("file").asText());
            Files.createDirectories(folder);
            Files.copy(source, folder.resolve(source.getFileName()));
            return new TextNode(source.getFileName().toString());
        } catch (IOException error) {
            throw new PhoneError("file", "the file cannot be attached: " + error.getMessage());
        }
    }

    private static boolean offered(Question question, JsonNode typed) {
        List<String> choices = question.choices();
        if (!typed.isArray()) {
            return choices.contains(typed.asText());
        }
        for (JsonNode one : typed) {
            if (!choices.contains(one.asText())) {
                return false;
            }
        }
        return true;
    }

    /** Validates the whole form; the person goes back to what fails. False if the form cannot be finalized. */
    boolean finalizes() throws PhoneError {
        for (int returns = 0; returns < MOST_RETURNS; returns++) {
            ValidateOutcome outcome = form.validate(true);
            if (outcome == null) {
                return true;
            }
            String path = pathOf(outcome.failedPrompt);
            Refusal refusal = outcome.outcome == FormEntryController.ANSWER_CONSTRAINT_VIOLATED
                    ? new Refusal("constraint", "an answer no longer fits")
                    : new Refusal("required", "required");
            if (!person.improvises() || person.script.has(path)) {
                refused.putIfAbsent(path, refusal);
                return false;
            }
            controller.jumpToIndex(outcome.failedPrompt);
            ask(outcome.failedPrompt, true);
            if (refused.containsKey(path)) {
                return false;
            }
            once();
        }
        return false;
    }

    private String pathOf(FormIndex index) {
        return paths.of(index.getReference());
    }

    boolean isRelevant(TreeReference reference) {
        TreeElement node = form.getMainInstance().resolveReference(reference);
        return node != null && node.isRelevant();
    }
}
