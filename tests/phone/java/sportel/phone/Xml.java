package sportel.phone;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** How are the small OpenRosa documents (form list, manifest, integrity) read? */
final class Xml {
    private Xml() {}

    static Element root(byte[] content, String namespace, String name) throws PhoneError {
        Element root;
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setNamespaceAware(true);
            root = factory.newDocumentBuilder().parse(new ByteArrayInputStream(content)).getDocumentElement();
        } catch (Exception error) {
            throw new PhoneError("document", "the answer is not XML: " + error.getMessage());
        }
        boolean sameNamespace = namespace == null || namespace.equals(root.getNamespaceURI());
        if (!sameNamespace || !root.getLocalName().equals(name)) {
            throw new PhoneError("document", "the answer must be <" + name + "> in " + namespace);
        }
        return root;
    }

    static List<Element> children(Element parent, String name) {
        List<Element> found = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && (name == null || element.getLocalName().equals(name))) {
                found.add(element);
            }
        }
        return found;
    }

    /** The child elements' texts by their names; blank ones are left out. */
    static Map<String, String> texts(Element parent) {
        Map<String, String> texts = new LinkedHashMap<>();
        for (Element child : children(parent, null)) {
            if (!child.getTextContent().isBlank()) {
                texts.put(child.getLocalName(), child.getTextContent().strip());
            }
        }
        return texts;
    }

    static void require(Map<String, String> facts, String where, String... names) throws PhoneError {
        for (String name : names) {
            if (!facts.containsKey(name)) {
                throw new PhoneError("document", where + ": <" + name + "> is missing or blank");
            }
        }
    }
}
