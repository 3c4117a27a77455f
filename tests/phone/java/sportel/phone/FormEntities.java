package sportel.phone;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.instance.TreeElement;

/**
 * Which entities does a finalized instance create or update?
 *
 * <p>Collect's finalization reads {@code meta/entity} and the questions with {@code entities:saveto}; the
 * attributes themselves (id, create, update, baseVersion, trunkVersion, branchId) are filled by the form's
 * own binds. Source: ODK XForms specification, entities.
 */
final class FormEntities {
    static final String NAMESPACE = "http://www.opendatakit.org/xforms/entities";

    private FormEntities() {}

    static ArrayNode of(FormDef form) {
        ArrayNode entities = Main.JSON.createArrayNode();
        visit(form.getMainInstance().getRoot(), null, entities);
        return entities;
    }

    private static void visit(TreeElement node, ObjectNode enclosing, ArrayNode entities) {
        if (node.getMult() < 0 || !node.isRelevant()) {
            return;
        }
        ObjectNode entity = declaredBy(node);
        if (entity == null) {
            entity = enclosing;
        } else if (isTrue(entity.path("create").asText()) || isTrue(entity.path("update").asText())) {
            entities.add(entity);
        }
        String property = node.getBindAttributeValue(NAMESPACE, "saveto");
        if (property != null && entity != null) {
            entity.with("data").put(property, text(node.getValue()));
        }
        for (int i = 0; i < node.getNumChildren(); i++) {
            visit(node.getChildAt(i), entity, entities);
        }
    }

    private static ObjectNode declaredBy(TreeElement node) {
        TreeElement meta = node.getFirstChild("meta");
        TreeElement declaration = meta == null ? null : meta.getFirstChild("entity");
        if (declaration == null) {
            return null;
        }
        ObjectNode entity = Main.JSON.createObjectNode();
        for (int i = 0; i < declaration.getAttributeCount(); i++) {
            String name = declaration.getAttributeName(i);
            TreeElement attribute = declaration.getAttribute(declaration.getAttributeNamespace(i), name);
            entity.put(name, text(attribute.getValue()));
        }
        TreeElement label = declaration.getFirstChild("label");
        entity.put("label", label == null ? "" : text(label.getValue()));
        entity.putObject("data");
        return entity;
    }

    static boolean isTrue(String flag) {
        return flag.equals("1") || flag.equals("true");
    }

    private static String text(IAnswerData value) {
        return value == null ? "" : value.uncast().getString();
    }
}
