package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.javarosa.core.model.RangeQuestion;

/**
 * Which invented answers might a question accept?
 *
 * <p>Guesses of the right type, with hints from the constraint's own text (numbers, quoted words, patterns);
 * the form engine then says which of them holds. The texts are awkward on purpose: letters outside ASCII,
 * markup, quotes, line ends, characters beyond 16 bits.
 */
final class Guess {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final Pattern NUMBER = Pattern.compile("(?<=num:)-?\\d+(\\.\\d+)?");
    private static final Pattern QUOTED = Pattern.compile("\\{str:'(.*?)'}");
    private static final String[] TEXTS = {
        "Agim", "Drita", "Ëndërr çudie", "Çezma e Gjatë", "Rruga \"Myslym Shyri\", pll. 4", "a < b & c > d",
        "O'Hara; l'aquila", "=1+1", "-5", "007", "rresht i parë\nrresht i dytë", "përzierje\tme tab", "100 %",
        "Ελληνικά, Кирилица, العربية", "emoji \uD83D\uDE42 fundi", "]]> <!-- x -->", "\u00A0jo i ndashëm", "ß Œ ñ",
        "Ka nevojë për strehë këtë javë dhe për shoqërim te mjeku.", "true", "2024-02-30", "nul", "{{x}} ${y} %s",
    };
    private static final String[] CODES = {
        "+355691234567", "+393331234567", "A12345678B", "J50101001K", "5901234123457", "name@example.org", "12", "ABC",
    };

    private final Random random;

    Guess(Random random) {
        this.random = random;
    }

    List<JsonNode> candidates(Question question) {
        return switch (question.kind()) {
            case INTEGER, DECIMAL -> numbers(question);
            case DATE -> dates();
            case TIME -> texts("%02d:%02d".formatted(random.nextInt(24), random.nextInt(60)), "12:00", "08:30");
            case DATETIME -> dateTimes();
            case BOOLEAN -> List.of(NODES.booleanNode(random.nextBoolean()), NODES.booleanNode(true));
            case GEOPOINT -> List.of(point(), point());
            case GEOTRACE -> List.of(line(2 + random.nextInt(4), false));
            case GEOSHAPE -> List.of(line(3 + random.nextInt(4), true));
            case BARCODE -> texts("" + (1000000000000L + random.nextInt(1000000)), "Ë-çelës/" + random.nextInt(1000));
            case SELECT_ONE -> one(question.choices());
            case SELECT_MULTIPLE -> several(question);
            case RANK -> ranked(question.choices());
            case TRIGGER -> texts("OK");
            case IMAGE, AUDIO, VIDEO, FILE -> List.of(NODES.objectNode().put("sample", random.nextLong()));
            case TEXT -> words(question);
        };
    }

    private List<JsonNode> words(Question question) {
        List<JsonNode> words = new ArrayList<>();
        String constraint = question.constraint();
        Matcher quoted = QUOTED.matcher(constraint);
        List<String> literals = new ArrayList<>();
        while (quoted.find()) {
            literals.add(quoted.group(1));
        }
        if (constraint.contains("regex")) {
            literals.forEach(literal -> {
                words.add(new TextNode(PatternExample.of(literal, random)));
                words.add(new TextNode(PatternExample.of(literal, random)));
            });
        }
        List<JsonNode> free = new ArrayList<>();
        String appearance = question.prompt().getAppearanceHint();
        if (appearance != null && appearance.contains("numbers")) {
            free.add(new TextNode("" + random.nextInt(1000000)));
        }
        for (int i = 0; i < 4; i++) {
            free.add(new TextNode(TEXTS[random.nextInt(TEXTS.length)] + (random.nextInt(4) == 0 ? " ë" : "")));
        }
        words.addAll(free);
        for (String code : CODES) {
            words.add(new TextNode(code));
        }
        literals.forEach(literal -> words.add(new TextNode(literal)));
        words.removeIf(word -> word.asText().isEmpty());
        return words;
    }

    private List<JsonNode> numbers(Question question) {
        boolean whole = question.kind() == Kind.INTEGER;
        List<BigDecimal> numbers = new ArrayList<>();
        if (question.definition() instanceof RangeQuestion range) {
            BigDecimal low = range.getRangeStart().min(range.getRangeEnd());
            BigDecimal high = range.getRangeStart().max(range.getRangeEnd());
            BigDecimal step = range.getRangeStep().abs();
            int steps = high.subtract(low).divide(step, 0, RoundingMode.DOWN).intValue();
            numbers.add(low.add(step.multiply(BigDecimal.valueOf(random.nextInt(steps + 1)))));
        } else {
            for (int most : new int[] {5, 20, 100, 1000, 1000000}) {
                numbers.add(BigDecimal.valueOf(random.nextInt(most)));
            }
            numbers.add(BigDecimal.valueOf(-random.nextInt(50)));
            Matcher literal = NUMBER.matcher(question.constraint());
            while (literal.find()) {
                BigDecimal number = new BigDecimal(literal.group());
                numbers.add(number);
                numbers.add(number.subtract(BigDecimal.ONE));
                numbers.add(number.add(BigDecimal.ONE));
            }
            Collections.shuffle(numbers, random);
            for (int small = 0; small <= 3; small++) {
                numbers.add(BigDecimal.valueOf(small));
            }
            if (!whole) {
                numbers.replaceAll(number -> number.add(BigDecimal.valueOf(random.nextInt(10000), 4)));
            }
        }
        List<JsonNode> typed = new ArrayList<>();
        numbers.forEach(number -> typed.add(
                whole ? NODES.numberNode(number.longValue()) : NODES.numberNode(number.stripTrailingZeros())));
        return typed;
    }

    private List<JsonNode> dates() {
        LocalDate today = LocalDate.now();
        List<JsonNode> dates = new ArrayList<>();
        for (int days : new int[] {-20000, -3000, -400, -30, 40, 400}) {
            int span = Math.abs(days);
            dates.add(new TextNode(today.plusDays(Integer.signum(days) * (long) random.nextInt(span)).toString()));
        }
        Collections.shuffle(dates, random);
        dates.add(new TextNode(today.toString()));
        dates.add(new TextNode(today.plusDays(1).toString()));
        return dates;
    }

    private List<JsonNode> dateTimes() {
        LocalDateTime now = LocalDateTime.now().truncatedTo(ChronoUnit.MINUTES);
        return texts(
                awake(now.minusMinutes(1 + random.nextInt(60 * 24 * 400))).toString(),
                awake(now.plusMinutes(1 + random.nextInt(60 * 24 * 30))).toString(),
                now.minusMinutes(5).toString());
    }

    /** Not in the hour that comes twice, or never, when the clocks change: JavaRosa writes its other offset. */
    private static LocalDateTime awake(LocalDateTime moment) {
        return moment.getHour() < 4 ? moment.plusHours(4) : moment;
    }

    private ArrayNode point() {
        ArrayNode point = NODES.arrayNode();
        point.add(rounded(39.6 + 3 * random.nextDouble(), 7)).add(rounded(19.2 + 1.9 * random.nextDouble(), 7));
        point.add(rounded(random.nextInt(2700) * random.nextDouble(), 1));
        return point.add(rounded(3 + 20 * random.nextDouble(), 2));
    }

    private ArrayNode line(int length, boolean closed) {
        ArrayNode line = NODES.arrayNode();
        for (int i = 0; i < length; i++) {
            line.add(point());
        }
        return closed ? line.add(line.get(0)) : line;
    }

    private static double rounded(double value, int digits) {
        return BigDecimal.valueOf(value).setScale(digits, RoundingMode.HALF_UP).doubleValue();
    }

    private List<JsonNode> one(List<String> names) {
        List<String> shuffled = new ArrayList<>(names);
        Collections.shuffle(shuffled, random);
        return texts(shuffled.toArray(String[]::new));
    }

    private List<JsonNode> several(Question question) {
        List<String> names = question.choices();
        List<JsonNode> sets = new ArrayList<>();
        for (int attempt = 0; attempt < 6 && !names.isEmpty(); attempt++) {
            List<String> set = new ArrayList<>(names);
            Collections.shuffle(set, random);
            List<String> some = new ArrayList<>(set.subList(0, 1 + random.nextInt(Math.min(4, set.size()))));
            // A person may tick in any order; Collect writes the list's order.
            some.sort((left, right) -> names.indexOf(left) - names.indexOf(right));
            sets.add(array(some));
        }
        names.forEach(name -> sets.add(array(List.of(name))));
        sets.add(array(names));
        sets.removeIf(JsonNode::isEmpty);
        return sets;
    }

    private List<JsonNode> ranked(List<String> names) {
        List<String> order = new ArrayList<>(names);
        Collections.shuffle(order, random);
        return order.isEmpty() ? List.of() : List.of(array(order));
    }

    private static ArrayNode array(List<String> names) {
        ArrayNode array = NODES.arrayNode();
        names.forEach(array::add);
        return array;
    }

    private static List<JsonNode> texts(String... texts) {
        List<JsonNode> nodes = new ArrayList<>();
        for (String text : texts) {
            nodes.add(new TextNode(text));
        }
        return nodes;
    }
}
