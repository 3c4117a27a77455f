package sportel.phone;

import java.nio.file.Path;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.data.StringData;
import org.javarosa.core.model.instance.FormInstance;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.xform.parse.XFormParser;

/** How does a blank form, or an instance that was sent before, come onto the screen? */
final class Opened {
    private static final String META = "meta";

    private Opened() {}

    static FormDef fresh(FormFiles forms, Path form, Path media) throws PhoneError {
        FormDef def = forms.open(form, media);
        def.initialize(true, new InstanceInitializationFactory());
        return def;
    }

    /** The answers of a finalized instance in the form that made it; deprecatedID names what it replaces. */
    static FormDef again(FormFiles forms, Path form, Path media, byte[] instance) throws PhoneError {
        FormDef def = forms.open(form, media);
        TreeElement saved = XFormParser.restoreDataModel(instance, null).getRoot();
        TreeElement root = def.getMainInstance().getRoot().deepCopy(true);
        root.populate(saved, def);
        def.getMainInstance().setRoot(root);
        def.initialize(false, new InstanceInitializationFactory());
        TreeElement meta = meta(def.getMainInstance());
        TreeElement id = child(meta, "instanceID");
        TreeElement deprecated = child(meta, "deprecatedID");
        if (deprecated == null) {
            deprecated = new TreeElement("deprecatedID");
            deprecated.setNamespace(id.getNamespace());
            deprecated.setNamespacePrefix(id.getNamespacePrefix());
            meta.addChild(deprecated);
        }
        deprecated.setAnswer(new StringData(id.getValue().uncast().getString()));
        id.setAnswer(new StringData("uuid:" + java.util.UUID.randomUUID()));
        return def;
    }

    static String metadata(FormInstance instance, String name) {
        TreeElement meta = meta(instance);
        TreeElement node = meta == null ? null : child(meta, name);
        return node == null || node.getValue() == null ? "" : node.getValue().uncast().getString();
    }

    private static TreeElement meta(FormInstance instance) {
        return child(instance.getRoot(), META);
    }

    private static TreeElement child(TreeElement parent, String name) {
        for (int i = 0; i < parent.getNumChildren(); i++) {
            if (parent.getChildAt(i).getName().equals(name)) {
                return parent.getChildAt(i);
            }
        }
        return null;
    }
}
