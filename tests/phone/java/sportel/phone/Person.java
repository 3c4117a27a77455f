package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What would the person with the phone say to a question?
 *
 * <p>The script first; then, with a seed, an invented answer: required questions always, optional ones with
 * the given probability. Without a seed everything that the script does not name stays as it is.
 */
final class Person {
    private static final int MOST_REPEATS = 3;

    final Script script;
    private final Guess guess;
    private final Random random;
    private final double optional;
    private final Map<String, Integer> repeats = new HashMap<>();

    Person(JsonNode request) {
        script = new Script(request.path("answers"));
        random = request.hasNonNull("seed") ? new Random(request.get("seed").asLong()) : null;
        guess = random == null ? null : new Guess(random);
        optional = request.path("optional").asDouble(0.8);
    }

    boolean improvises() {
        return random != null;
    }

    /** Answers to try in this order until the form accepts one; a NullNode leaves the question blank. */
    List<JsonNode> candidates(Question question) {
        List<JsonNode> candidates = new ArrayList<>();
        if (script.has(question.path())) {
            candidates.add(script.take(question.path()));
            return candidates;
        }
        JsonNode existing = question.existing();
        if (random == null) {
            candidates.add(existing == null ? NullNode.instance : existing);
            return candidates;
        }
        if (existing != null && (optional == 0 || random.nextInt(3) > 0)) {
            candidates.add(existing);
        }
        if (question.required() || random.nextDouble() < optional) {
            candidates.addAll(guess.candidates(question));
        }
        if (!question.required()) {
            candidates.add(NullNode.instance);
        }
        return candidates;
    }

    /** How many instances the repeat at this place shall have; the same answer each time it is asked. */
    int repeats(String path) {
        return repeats.computeIfAbsent(path, key -> {
            int scripted = script.repeats(key);
            if (scripted >= 0) {
                return scripted;
            }
            return random == null || optional == 0 ? 0 : random.nextInt(MOST_REPEATS + 1);
        });
    }
}
