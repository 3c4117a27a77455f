package sportel.phone;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Why could the phone not do it? {@code kind} is what a test compares; the message is for a person. */
final class PhoneError extends Exception {
    private static final long serialVersionUID = 1;

    final String kind;
    final transient ObjectNode details = Main.JSON.createObjectNode();

    PhoneError(String kind, String message) {
        super(message);
        this.kind = kind;
    }

    PhoneError with(String name, String value) {
        details.put(name, value);
        return this;
    }
}
