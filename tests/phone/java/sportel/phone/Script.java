package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which answers has the test fixed beforehand?
 *
 * <p>Keys are paths relative to the root element: "/plan[2]/pl_act" for one instance of a repeat,
 * "/plan/pl_act" for every instance, "/plan" with a number for how many instances there shall be. A null
 * value means that the person leaves the question blank.
 */
final class Script {
    private static final Pattern POSITION = Pattern.compile("\\[(\\d+)]");

    private final Map<String, JsonNode> answers = new LinkedHashMap<>();
    private final Set<String> unused = new LinkedHashSet<>();

    Script(JsonNode given) {
        given.fields().forEachRemaining(entry -> answers.put(entry.getKey(), entry.getValue()));
        unused.addAll(answers.keySet());
    }

    boolean has(String path) {
        return key(path) != null;
    }

    JsonNode take(String path) {
        String key = key(path);
        unused.remove(key);
        return answers.get(key);
    }

    /** The fixed answers that no question asked for: not relevant, or no such question. */
    Set<String> unused() {
        return unused;
    }

    /** How many instances the script gives to this repeat, or -1 if it does not mention it. */
    int repeats(String path) {
        if (has(path) && answers.get(key(path)).isNumber()) {
            return take(path).asInt();
        }
        String[] wanted = path.split("/");
        int most = -1;
        for (String key : answers.keySet()) {
            String[] have = key.split("/");
            if (have.length > wanted.length && startsWith(have, wanted)) {
                Matcher position = POSITION.matcher(have[wanted.length - 1]);
                most = Math.max(most, position.find() ? Integer.parseInt(position.group(1)) : 1);
            }
        }
        return most;
    }

    private String key(String path) {
        if (answers.containsKey(path)) {
            return path;
        }
        String everywhere = POSITION.matcher(path).replaceAll("");
        return answers.containsKey(everywhere) ? everywhere : null;
    }

    private static boolean startsWith(String[] have, String[] wanted) {
        for (int i = 0; i < wanted.length; i++) {
            boolean last = i == wanted.length - 1;
            boolean anyPosition = last || !have[i].endsWith("]");
            String left = anyPosition ? POSITION.matcher(have[i]).replaceAll("") : have[i];
            String right = anyPosition ? POSITION.matcher(wanted[i]).replaceAll("") : wanted[i];
            if (!left.equals(right)) {
                return false;
            }
        }
        return true;
    }
}
