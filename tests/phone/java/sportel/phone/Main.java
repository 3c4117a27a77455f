package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * What does the test ask the phone to do next?
 *
 * <p>One JSON request a line on standard input, one JSON answer a line on standard output:
 * {@code {"do": "fill", ...}} gives {@code {"ok": {...}}} or {@code {"error": "...", "kind": "..."}}.
 * One process serves many phones; each phone is a folder.
 */
public final class Main {
    static final ObjectMapper JSON = new ObjectMapper();

    private interface Command {
        JsonNode run(JsonNode request) throws Exception;
    }

    private final Map<String, Phone> phones = new HashMap<>();
    private final FormFiles forms = new FormFiles();
    private final Map<String, Command> commands = Map.of(
            "open", request -> open(request).describe(),
            "head", request -> phone(request).head(),
            "update", request -> phone(request).updateForms(),
            "fill", request -> phone(request).fill(request),
            "edit", request -> phone(request).edit(request),
            "send", request -> phone(request).send(request),
            "fill-file", request -> Filling.ofFile(forms, request),
            "probe", request -> Probe.run(forms, request));

    public static void main(String[] args) throws Exception {
        // JavaRosa prints to standard output here and there; the protocol must stay clean.
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        JavaRosa.start();
        Main main = new Main();
        var requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            answers.println(JSON.writeValueAsString(main.answer(line)));
        }
    }

    private ObjectNode answer(String line) {
        ObjectNode answer = JSON.createObjectNode();
        try {
            JsonNode request = JSON.readTree(line);
            Command command = commands.get(request.path("do").asText());
            if (command == null) {
                throw new PhoneError("protocol", "no such command: " + request.path("do").asText());
            }
            answer.set("ok", command.run(request));
        } catch (PhoneError error) {
            answer.put("error", error.getMessage()).put("kind", error.kind);
            answer.set("details", error.details);
        } catch (Exception | StackOverflowError error) {
            error.printStackTrace();
            answer.put("error", error.toString()).put("kind", "unexpected");
        }
        return answer;
    }

    private Phone open(JsonNode request) throws Exception {
        Phone phone = Phone.open(request, forms);
        phones.put(request.get("folder").asText(), phone);
        return phone;
    }

    private Phone phone(JsonNode request) throws PhoneError {
        Phone phone = phones.get(request.path("folder").asText());
        if (phone == null) {
            throw new PhoneError("protocol", "open the phone's folder first");
        }
        return phone;
    }
}
