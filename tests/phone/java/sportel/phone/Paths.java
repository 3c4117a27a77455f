package sportel.phone;

import java.util.HashSet;
import java.util.Set;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.GroupDef;
import org.javarosa.core.model.IFormElement;
import org.javarosa.core.model.instance.TreeReference;

/** How is a place in the form written for the test: "/plan[2]/pl_act", relative to the root element? */
final class Paths {
    private final Set<String> repeats = new HashSet<>();

    Paths(FormDef form) {
        collect(form);
    }

    private void collect(IFormElement element) {
        if (element instanceof GroupDef group && group.getRepeat()) {
            repeats.add(plain((TreeReference) group.getBind().getReference()));
        }
        if (element.getChildren() != null) {
            element.getChildren().forEach(this::collect);
        }
    }

    boolean isRepeat(String plainPath) {
        return repeats.contains(plainPath);
    }

    /** Positions count from 1, and only repeats have one. */
    String of(TreeReference reference) {
        StringBuilder plain = new StringBuilder();
        StringBuilder path = new StringBuilder();
        for (int level = 1; level < reference.size(); level++) {
            boolean attribute = reference.getMultiplicity(level) == TreeReference.INDEX_ATTRIBUTE;
            String step = (attribute ? "/@" : "/") + reference.getName(level);
            plain.append(step);
            path.append(step);
            if (repeats.contains(plain.toString())) {
                path.append('[').append(Math.max(reference.getMultiplicity(level), 0) + 1).append(']');
            }
        }
        return path.toString();
    }

    /** The path without any position. */
    static String plain(TreeReference reference) {
        StringBuilder plain = new StringBuilder();
        for (int level = 1; level < reference.size(); level++) {
            plain.append('/').append(reference.getName(level));
        }
        return plain.toString();
    }

    /** The path of a repeat instance without its own (last) position. */
    static String withoutLast(String path) {
        return path.endsWith("]") ? path.substring(0, path.lastIndexOf('[')) : path;
    }
}
