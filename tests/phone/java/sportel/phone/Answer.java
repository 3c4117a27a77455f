package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.javarosa.core.model.data.BooleanData;
import org.javarosa.core.model.data.DateData;
import org.javarosa.core.model.data.DateTimeData;
import org.javarosa.core.model.data.DecimalData;
import org.javarosa.core.model.data.GeoPointData;
import org.javarosa.core.model.data.GeoShapeData;
import org.javarosa.core.model.data.GeoTraceData;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.IntegerData;
import org.javarosa.core.model.data.MultipleItemsData;
import org.javarosa.core.model.data.SelectOneData;
import org.javarosa.core.model.data.StringData;
import org.javarosa.core.model.data.TimeData;
import org.javarosa.core.model.data.UncastData;
import org.javarosa.core.model.data.helper.Selection;

/**
 * What does a typed answer mean to JavaRosa, and how is it told to the test?
 *
 * <p>{@code value} is what the person typed, in JSON: text, number, ISO date and time (with the phone's
 * offset), [latitude, longitude, altitude, accuracy], a list of such points, a list of choice names, a file
 * name. It never comes from the serialized instance, so that a test can compare the two.
 */
record Answer(Kind kind, JsonNode value, IAnswerData data) {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSSxxx");
    private static final DateTimeFormatter DATE_TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSxxx");

    static Answer of(Kind kind, JsonNode typed) throws PhoneError {
        try {
            return switch (kind) {
                case INTEGER -> new Answer(kind, NODES.numberNode(typed.asLong()), integer(typed));
                case DECIMAL -> new Answer(
                        kind, NODES.numberNode(new java.math.BigDecimal(typed.asText())),
                        new DecimalData(Double.parseDouble(typed.asText())));
                case DATE -> date(kind, LocalDate.parse(typed.asText()));
                case TIME -> time(kind, typed.asText());
                case DATETIME -> dateTime(kind, typed.asText());
                case BOOLEAN -> new Answer(kind, typed, new BooleanData(typed.asBoolean()));
                case GEOPOINT -> new Answer(kind, point(typed), new GeoPointData(coordinates(typed)));
                case GEOTRACE -> new Answer(
                        kind, points(typed), new GeoTraceData(new GeoTraceData.GeoTrace(line(typed))));
                case GEOSHAPE -> new Answer(
                        kind, points(typed), new GeoShapeData(new GeoShapeData.GeoShape(line(typed))));
                case SELECT_ONE -> new Answer(kind, typed, new SelectOneData(new Selection(typed.asText())));
                case SELECT_MULTIPLE, RANK -> new Answer(kind, typed, new MultipleItemsData(selections(typed)));
                default -> new Answer(kind, NODES.textNode(typed.asText()), new StringData(typed.asText()));
            };
        } catch (DateTimeParseException | IllegalArgumentException | NullPointerException error) {
            throw new PhoneError("answer", "the answer is not of the type " + kind.word());
        }
    }

    /** What a default or an earlier session has already put there, as if the person had typed it. */
    static Answer existing(Kind kind, IAnswerData data) throws PhoneError {
        if (data instanceof UncastData) {
            return of(kind, NODES.textNode(data.getDisplayText()));
        }
        Object value = data.getValue();
        JsonNode typed = switch (kind) {
            case DATE -> NODES.textNode(zoned((Date) value).toLocalDate().toString());
            case TIME -> NODES.textNode(zoned((Date) value).format(TIME));
            case DATETIME -> NODES.textNode(zoned((Date) value).format(DATE_TIME));
            case SELECT_ONE -> NODES.textNode(
                    value instanceof Selection selection ? selection.getValue() : value.toString());
            case SELECT_MULTIPLE, RANK -> names((List<?>) value);
            case GEOPOINT, GEOTRACE, GEOSHAPE -> fromText(data.uncast().getString(), kind == Kind.GEOPOINT);
            default -> NODES.textNode(data.uncast().getString());
        };
        return of(kind, typed);
    }

    private static IAnswerData integer(JsonNode typed) {
        return new IntegerData(Integer.parseInt(typed.asText()));
    }

    private static Answer date(Kind kind, LocalDate day) {
        Date midnight = Date.from(day.atStartOfDay(ZoneId.systemDefault()).toInstant());
        return new Answer(kind, NODES.textNode(day.toString()), new DateData(midnight));
    }

    private static Answer time(Kind kind, String typed) {
        LocalTime time = typed.length() > 8 && typed.matches(".*([+-]\\d\\d:\\d\\d|Z)$")
                ? OffsetTime.parse(typed).toLocalTime()
                : LocalTime.parse(typed);
        // Collect's time widget means that time of the day today, on the phone's clock.
        ZonedDateTime today = LocalDate.now().atTime(time).atZone(ZoneId.systemDefault());
        return new Answer(kind, NODES.textNode(today.format(TIME)), new TimeData(Date.from(today.toInstant())));
    }

    private static Answer dateTime(Kind kind, String typed) {
        ZoneId zone = ZoneId.systemDefault();
        ZonedDateTime moment = typed.matches(".*T.*([+-]\\d\\d:\\d\\d|Z)$")
                ? OffsetDateTime.parse(typed).atZoneSameInstant(zone)
                : LocalDateTime.parse(typed).atZone(zone);
        return new Answer(
                kind, NODES.textNode(moment.format(DATE_TIME)), new DateTimeData(Date.from(moment.toInstant())));
    }

    private static ZonedDateTime zoned(Date date) {
        return Instant.ofEpochMilli(date.getTime()).atZone(ZoneId.systemDefault());
    }

    private static List<Selection> selections(JsonNode names) {
        List<Selection> selections = new ArrayList<>();
        names.forEach(name -> selections.add(new Selection(name.asText())));
        return selections;
    }

    private static ArrayNode names(List<?> selections) {
        ArrayNode names = NODES.arrayNode();
        selections.forEach(one -> names.add(((Selection) one).getValue()));
        return names;
    }

    private static double[] coordinates(JsonNode point) {
        double[] parts = new double[4];
        for (int i = 0; i < parts.length && i < point.size(); i++) {
            parts[i] = point.get(i).asDouble();
        }
        return parts;
    }

    private static ArrayNode point(JsonNode typed) {
        ArrayNode parts = NODES.arrayNode();
        for (double part : coordinates(typed)) {
            parts.add(part);
        }
        return parts;
    }

    private static ArrayNode points(JsonNode typed) {
        ArrayNode all = NODES.arrayNode();
        typed.forEach(one -> all.add(point(one)));
        return all;
    }

    private static ArrayList<double[]> line(JsonNode typed) {
        ArrayList<double[]> line = new ArrayList<>();
        typed.forEach(one -> line.add(coordinates(one)));
        return line;
    }

    private static JsonNode fromText(String text, boolean single) {
        ArrayNode all = NODES.arrayNode();
        for (String point : text.split(";")) {
            ArrayNode parts = all.addArray();
            for (String part : point.trim().split("\\s+")) {
                parts.add(Double.parseDouble(part));
            }
        }
        return single ? all.get(0) : all;
    }
}
