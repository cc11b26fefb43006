import java.io.File;
import org.apache.hadoop.shaded.org.apache.kerby.kerberos.kerb.server.SimpleKdcServer;

/** A Kerberos KDC on loopback: Kdc FOLDER REALM PORT PRINCIPAL… leaves FOLDER/N.keytab for the N-th principal. */
public class Kdc {
  public static void main(String[] arguments) throws Exception {
    File folder = new File(arguments[0]);
    SimpleKdcServer kdc = new SimpleKdcServer();
    kdc.setWorkDir(folder);
    kdc.setKdcRealm(arguments[1]);
    kdc.setKdcHost("127.0.0.1");
    kdc.setKdcTcpPort(Integer.parseInt(arguments[2]));
    kdc.setAllowUdp(false);
    kdc.init();
    kdc.start();
    for (int i = 3; i < arguments.length; i++) {
      kdc.createAndExportPrincipals(new File(folder, (i - 3) + ".keytab"), arguments[i]);
    }
    System.out.println("ready");
    System.in.read(); // until whoever started it is gone
    System.exit(0);
  }
}
