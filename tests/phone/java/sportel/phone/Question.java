package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.FormIndex;
import org.javarosa.core.model.QuestionDef;
import org.javarosa.core.model.SelectChoice;
import org.javarosa.core.model.condition.Constraint;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.form.api.FormEntryPrompt;

/** What does the person see on the screen of one question? */
record Question(FormDef form, FormIndex index, String path, FormEntryPrompt prompt, Kind kind) {

    static Question at(FormDef form, FormIndex index, String path, FormEntryPrompt prompt) {
        return new Question(form, index, path, prompt, Kind.of(prompt));
    }

    boolean required() {
        return prompt.isRequired();
    }

    QuestionDef definition() {
        return prompt.getQuestion();
    }

    List<String> choices() {
        List<String> names = new ArrayList<>();
        List<SelectChoice> choices = prompt.getSelectChoices();
        if (choices != null) {
            choices.forEach(choice -> names.add(choice.getValue()));
        }
        return names;
    }

    /** The words of the chosen answers in the language of the phone, as the person reads them. */
    List<String> shown(JsonNode value) {
        List<String> words = new ArrayList<>();
        List<String> chosen = new ArrayList<>();
        if (value.isArray()) {
            value.forEach(one -> chosen.add(one.asText()));
        } else {
            chosen.add(value.asText());
        }
        for (SelectChoice choice : prompt.getSelectChoices()) {
            if (chosen.contains(choice.getValue())) {
                words.add(prompt.getSelectChoiceText(choice));
            }
        }
        return words;
    }

    /** The name of the choice with this label, for answers picked by what is read on the screen. */
    String choiceLabelled(String label) throws PhoneError {
        for (SelectChoice choice : prompt.getSelectChoices()) {
            if (label.equals(prompt.getSelectChoiceText(choice))) {
                return choice.getValue();
            }
        }
        throw new PhoneError("refused", "no choice with that label").with("path", path);
    }

    JsonNode existing() {
        IAnswerData data = prompt.getAnswerValue();
        try {
            return data == null ? null : Answer.existing(kind, data).value();
        } catch (PhoneError error) {
            return null;
        }
    }

    /** The constraint as the engine prints it, from which invented answers take their hints; "" if there is none. */
    String constraint() {
        TreeElement node = form.getMainInstance().resolveReference(index.getReference());
        Constraint constraint = node == null ? null : node.getConstraint();
        return constraint == null ? "" : constraint.constraint.getExpr().toString();
    }
}
