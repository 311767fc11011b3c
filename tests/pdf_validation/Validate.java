import java.io.File;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** Usage: Validate FLAVOUR[,FLAVOUR] FILE... — for each file and flavour a RESULT line, then one a failed check. */
public class Validate {
    public static void main(String[] args) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        for (int i = 1; i < args.length; i++) {
            for (String name : args[0].split(",")) {
                PDFAFlavour flavour = PDFAFlavour.byFlavourId(name);
                if (flavour == PDFAFlavour.NO_FLAVOUR) throw new IllegalArgumentException("unknown flavour " + name);
                try (PDFAParser parser = Foundries.defaultInstance().createParser(new File(args[i]), flavour);
                     PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
                    print(name, args[i], validator.validate(parser));
                }
            }
        }
    }

    private static void print(String flavour, String file, ValidationResult result) {
        System.out.println("RESULT\t" + (result.isCompliant() ? "PASS" : "FAIL") + "\t" + result.getTotalAssertions()
                + "\t" + flavour + "\t" + file);
        for (TestAssertion failed : result.getTestAssertions()) {
            if (failed.getStatus() != TestAssertion.Status.FAILED) continue;
            System.out.println("FAILED\t" + failed.getRuleId().getClause() + "-" + failed.getRuleId().getTestNumber()
                    + "\t" + failed.getMessage().replace('\n', ' ') + "\t" + failed.getLocation().getContext());
        }
    }
}
