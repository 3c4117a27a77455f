package sportel.phone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.zip.InflaterInputStream;

/**
 * What does the settings QR tell the phone? Its text is base64(zlib(JSON)) with the members "general",
 * "admin" and "project", as ODK Collect reads it.
 */
final class Settings {
    private final ObjectNode json;

    Settings(ObjectNode json) {
        this.json = json;
    }

    static Settings fromQr(String text, String deviceId) throws PhoneError {
        ObjectNode json;
        try (var inflated = new InflaterInputStream(
                new ByteArrayInputStream(Base64.getDecoder().decode(text.strip())))) {
            json = (ObjectNode) Main.JSON.readTree(inflated.readAllBytes());
        } catch (IOException | IllegalArgumentException | ClassCastException error) {
            throw new PhoneError("settings", "the QR text is not base64 of zlib of JSON");
        }
        if (!json.path("admin").isObject() || !json.path("general").hasNonNull("server_url")) {
            throw new PhoneError("settings", "the QR needs the members admin and general.server_url");
        }
        return new Settings(json.put("device_id", deviceId));
    }

    ObjectNode all() {
        ObjectNode shown = json.deepCopy();
        shown.remove("device_id");
        return shown;
    }

    String deviceId() {
        return json.path("device_id").asText();
    }

    String serverUrl() {
        return json.get("general").get("server_url").asText().replaceAll("/+$", "");
    }

    boolean matchesExactly() {
        return general("form_update_mode").asText("manual").equals("match_exactly");
    }

    boolean deleteAfterSend() {
        return general("delete_send").asBoolean(false);
    }

    /** Tells JavaRosa what the metadata questions of a form may ask for. */
    void announce() {
        JavaRosa.PROPERTIES.put("deviceid", deviceId());
        JavaRosa.PROPERTIES.put("username", general("metadata_username").asText(general("username").asText("")));
        JavaRosa.PROPERTIES.put("phonenumber", general("metadata_phonenumber").asText(""));
        JavaRosa.PROPERTIES.put("email", general("metadata_email").asText(""));
    }

    private JsonNode general(String name) {
        return json.path("general").path(name);
    }

    @Override
    public String toString() {
        return json.toString();
    }
}
