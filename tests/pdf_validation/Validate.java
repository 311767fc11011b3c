import java.io.File;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** Usage: Validate FLAVOUR FILE... — prints one line a file ("PASS" or "FAIL") and one a failed check. */
public class Validate {
    public static void main(String[] args) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        PDFAFlavour flavour = PDFAFlavour.byFlavourId(args[0]);
        if (flavour == PDFAFlavour.NO_FLAVOUR) throw new IllegalArgumentException("unknown flavour " + args[0]);
        for (int i = 1; i < args.length; i++) {
            try (PDFAParser parser = Foundries.defaultInstance().createParser(new File(args[i]), flavour);
                 PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
                ValidationResult result = validator.validate(parser);
                System.out.println("RESULT\t" + (result.isCompliant() ? "PASS" : "FAIL") + "\t"
                        + result.getTotalAssertions() + "\t" + args[i]);
                for (TestAssertion failed : result.getTestAssertions()) {
                    if (failed.getStatus() != TestAssertion.Status.FAILED) continue;
                    System.out.println("FAILED\t" + failed.getRuleId().getClause() + "-"
                            + failed.getRuleId().getTestNumber() + "\t" + failed.getMessage().replace('\n', ' ')
                            + "\t" + failed.getLocation().getContext());
                }
            }
        }
    }
}
