package sportel.phone;

import java.util.Map;
import org.javarosa.core.model.Constants;
import org.javarosa.form.api.FormEntryPrompt;

/** Which widget would Collect show for a question? */
enum Kind {
    TEXT, INTEGER, DECIMAL, DATE, TIME, DATETIME, BOOLEAN, GEOPOINT, GEOTRACE, GEOSHAPE, BARCODE,
    SELECT_ONE, SELECT_MULTIPLE, RANK, TRIGGER, IMAGE, AUDIO, VIDEO, FILE;

    private static final Map<Integer, Kind> BY_CONTROL = Map.of(
            Constants.CONTROL_SELECT_ONE, SELECT_ONE,
            Constants.CONTROL_SELECT_MULTI, SELECT_MULTIPLE,
            Constants.CONTROL_RANK, RANK,
            Constants.CONTROL_TRIGGER, TRIGGER,
            Constants.CONTROL_IMAGE_CHOOSE, IMAGE,
            Constants.CONTROL_AUDIO_CAPTURE, AUDIO,
            Constants.CONTROL_VIDEO_CAPTURE, VIDEO,
            Constants.CONTROL_OSM_CAPTURE, FILE,
            Constants.CONTROL_FILE_CAPTURE, FILE,
            Constants.CONTROL_UPLOAD, FILE);

    private static final Map<Integer, Kind> BY_DATA_TYPE = Map.ofEntries(
            Map.entry(Constants.DATATYPE_INTEGER, INTEGER),
            Map.entry(Constants.DATATYPE_LONG, INTEGER),
            Map.entry(Constants.DATATYPE_DECIMAL, DECIMAL),
            Map.entry(Constants.DATATYPE_DATE, DATE),
            Map.entry(Constants.DATATYPE_TIME, TIME),
            Map.entry(Constants.DATATYPE_DATE_TIME, DATETIME),
            Map.entry(Constants.DATATYPE_BOOLEAN, BOOLEAN),
            Map.entry(Constants.DATATYPE_GEOPOINT, GEOPOINT),
            Map.entry(Constants.DATATYPE_GEOTRACE, GEOTRACE),
            Map.entry(Constants.DATATYPE_GEOSHAPE, GEOSHAPE),
            Map.entry(Constants.DATATYPE_BARCODE, BARCODE));

    static Kind of(FormEntryPrompt prompt) {
        Kind byControl = BY_CONTROL.get(prompt.getControlType());
        return byControl != null ? byControl : BY_DATA_TYPE.getOrDefault(prompt.getDataType(), TEXT);
    }

    boolean isChoice() {
        return this == SELECT_ONE || this == SELECT_MULTIPLE || this == RANK;
    }

    boolean isFile() {
        return this == IMAGE || this == AUDIO || this == VIDEO || this == FILE;
    }

    /** The word that Python reads: which type the entered value has. */
    String word() {
        return name().toLowerCase().replace('_', ' ');
    }
}
