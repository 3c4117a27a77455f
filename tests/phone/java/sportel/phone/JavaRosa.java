package sportel.phone;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.javarosa.core.model.CoreModelModule;
import org.javarosa.core.services.IPropertyManager;
import org.javarosa.core.services.PropertyManager;
import org.javarosa.core.services.PrototypeManager;
import org.javarosa.core.services.properties.IPropertyRules;
import org.javarosa.core.util.JavaRosaCoreModule;
import org.javarosa.model.xform.XFormsModule;

/** What must JavaRosa be told once, before the first form? */
final class JavaRosa {
    static final Map<String, String> PROPERTIES = new HashMap<>();

    private JavaRosa() {}

    static void start() {
        // The prototypes only: CoreModelModule.registerModule() would also set up a storage that we do not have.
        PrototypeManager.registerPrototypes(JavaRosaCoreModule.classNames);
        PrototypeManager.registerPrototypes(CoreModelModule.classNames);
        new XFormsModule().registerModule();
        PropertyManager.setPropertyManager(new Properties());
    }

    /** The values behind jr:preload="property" (username, deviceid, ...), as Collect's metadata settings. */
    private static final class Properties implements IPropertyManager {
        @Override
        public List<String> getProperty(String name) {
            return List.of(getSingularProperty(name));
        }

        @Override
        public String getSingularProperty(String name) {
            return PROPERTIES.getOrDefault(name, "");
        }

        @Override
        public void setProperty(String name, String value) {
            PROPERTIES.put(name, value);
        }

        @Override
        public void setProperty(String name, List<String> values) {
            PROPERTIES.put(name, String.join(" ", values));
        }

        @Override
        public void addRules(IPropertyRules rules) {
            // Rules are a relic of JavaRosa's own phones.
        }

        @Override
        public List<IPropertyRules> getRules() {
            return new ArrayList<>();
        }
    }
}
