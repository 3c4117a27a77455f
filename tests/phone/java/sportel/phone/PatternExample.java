package sportel.phone;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Which text might a simple regular expression accept?
 *
 * <p>Reads literals, escapes, classes, groups with alternatives, and the usual counts; anything else is
 * taken as a literal. A wrong guess costs nothing: the form engine refuses it and the next one is tried.
 */
final class PatternExample {
    private static final String ANY = "abcxyzABC0129";

    private final String pattern;
    private final Random random;
    private int at;

    private PatternExample(String pattern, Random random) {
        this.pattern = pattern;
        this.random = random;
    }

    static String of(String pattern, Random random) {
        try {
            return new PatternExample(pattern, random).alternatives();
        } catch (RuntimeException error) {
            return "";
        }
    }

    private String alternatives() {
        List<String> branches = new ArrayList<>();
        StringBuilder branch = new StringBuilder();
        while (at < pattern.length() && pattern.charAt(at) != ')') {
            if (pattern.charAt(at) == '|') {
                at++;
                branches.add(branch.toString());
                branch.setLength(0);
            } else {
                branch.append(counted());
            }
        }
        branches.add(branch.toString());
        return branches.get(random.nextInt(branches.size()));
    }

    private String counted() {
        int start = at;
        String once = atom();
        int end = at;
        int[] count = count();
        int after = at;
        int times = count[0] + (count[1] > count[0] ? random.nextInt(count[1] - count[0] + 1) : 0);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < times; i++) {
            at = start;
            text.append(i == 0 ? once : atom());
        }
        at = Math.max(after, end);
        return text.toString();
    }

    private String atom() {
        char c = pattern.charAt(at++);
        switch (c) {
            case '^', '$':
                return "";
            case '.':
                return pick(ANY);
            case '\\':
                return pick(escaped(pattern.charAt(at++)));
            case '[':
                return pick(charClass());
            case '(':
                if (pattern.startsWith("?:", at)) {
                    at += 2;
                }
                String inside = alternatives();
                at++;
                return inside;
            default:
                return String.valueOf(c);
        }
    }

    private int[] count() {
        if (at >= pattern.length()) {
            return new int[] {1, 1};
        }
        switch (pattern.charAt(at)) {
            case '*':
                at++;
                return new int[] {0, 4};
            case '+':
                at++;
                return new int[] {1, 5};
            case '?':
                at++;
                return new int[] {0, 1};
            case '{':
                int close = pattern.indexOf('}', at);
                String[] bounds = pattern.substring(at + 1, close).split(",", -1);
                at = close + 1;
                int least = Integer.parseInt(bounds[0]);
                int most = bounds.length == 1 ? least : bounds[1].isEmpty() ? least + 4 : Integer.parseInt(bounds[1]);
                return new int[] {least, most};
            default:
                return new int[] {1, 1};
        }
    }

    private String charClass() {
        StringBuilder members = new StringBuilder();
        boolean negated = pattern.charAt(at) == '^';
        if (negated) {
            at++;
        }
        while (pattern.charAt(at) != ']') {
            char c = pattern.charAt(at++);
            if (c == '\\') {
                members.append(escaped(pattern.charAt(at++)));
            } else if (pattern.charAt(at) == '-' && pattern.charAt(at + 1) != ']') {
                for (char one = c; one <= pattern.charAt(at + 1); one++) {
                    members.append(one);
                }
                at += 2;
            } else {
                members.append(c);
            }
        }
        at++;
        if (!negated) {
            return members.toString();
        }
        StringBuilder others = new StringBuilder();
        ANY.chars().filter(one -> members.indexOf(String.valueOf((char) one)) < 0)
                .forEach(one -> others.append((char) one));
        return others.toString();
    }

    private static String escaped(char c) {
        return switch (c) {
            case 'd' -> "0123456789";
            case 'w' -> "abcXYZ0129_";
            case 's' -> " ";
            case 'D', 'S', 'W' -> "x";
            default -> String.valueOf(c);
        };
    }

    private String pick(String members) {
        return members.isEmpty() ? "" : String.valueOf(members.charAt(random.nextInt(members.length())));
    }
}
