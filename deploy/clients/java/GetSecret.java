import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/**
 * Secrets from the agent, for Java 11 and later, without libraries. It returns the agent's JSON, for the JSON reader of
 * your application. As a program: {@code java GetSecret.java SECRET_ID}.
 */
public final class GetSecret {
  private static final long[] PAUSES = {100, 200, 400, 800, 1600, 3200, 5000, 0};  // milliseconds
  /** No proxy: it could not reach the agent, and would see the token. */
  private static final HttpClient AGENT = HttpClient.newBuilder().proxy(HttpClient.Builder.NO_PROXY)
      .version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(5)).build();

  /** A path without file:// would be sent as the token. */
  private static String checkedNoPath(String value) throws IOException {
    if (value.startsWith("file:") || value.startsWith("~/") || (value.startsWith("/") && Files.exists(Path.of(value)))) {
      throw new IOException("the token's variable holds a path: write file:///PATH");
    }
    return value;
  }

  /** Read for each try: a restarted agent may have a new one. Throws if there is none yet. */
  private static String token() throws IOException {
    String value = Stream.of("AWS_TOKEN", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN")
        .map(System::getenv)
        .filter(set -> set != null && !set.isBlank())
        .findFirst().orElse("file:///var/run/awssmatoken").trim();
    if (!value.startsWith("file://")) return checkedNoPath(value);
    Path path = Path.of(value.substring("file://".length()));
    String text = Files.readString(path).trim();
    if (text.isEmpty()) throw new IOException(path + " is empty");
    return text;
  }

  /**
   * The agent's answer, a JSON object. Tries for about ten seconds while the agent is not there yet, is busy, or cannot
   * reach AWS, and three times if it refuses the token. Says on standard error why the first try failed. In the end
   * throws.
   */
  public static String getSecret(String secretId) throws IOException, InterruptedException {
    String port = System.getenv().getOrDefault("SMA_HTTP_PORT", "2773");
    URI uri = URI.create("http://127.0.0.1:" + port + "/secretsmanager/get?secretId="
        + URLEncoder.encode(secretId, StandardCharsets.UTF_8));
    IOException fault = null;
    int refusals = 0;
    for (long pause : PAUSES) {
      try {
        HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60))
            .header("X-Aws-Parameters-Secrets-Token", token()).build();
        var answer = AGENT.send(request, BodyHandlers.ofString());
        int status = answer.statusCode();
        if (status == 200) return answer.body();
        fault = new IOException(secretId + ": " + status + " " + answer.body());
        if (status == 403) refusals += 1;
        if (refusals == 3 || (status != 403 && status != 429 && status < 500)) break;
      } catch (IOException error) {
        fault = error;
      }
      if (pause == PAUSES[0]) System.err.println("trying again: " + fault);
      Thread.sleep(pause);
    }
    throw fault;
  }

  public static void main(String[] arguments) throws InterruptedException {
    if (arguments.length != 1) {
      System.err.println("usage: GetSecret SECRET_ID");
      System.exit(1);
    }
    try {
      new PrintStream(System.out, true, StandardCharsets.UTF_8).println(getSecret(arguments[0]));
    } catch (IOException error) {
      System.err.println("GetSecret: " + error);
      System.exit(1);
    }
  }
}
