package sportel.phone;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ProxySelector;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How does the phone talk to a server: ODK Collect's headers, its device ID on every address, its time-outs? */
final class Server {
    private static final String USER_AGENT = "org.odk.collect.android/v2026.3.1 Dalvik/2.1.0 (Linux; U; Android 14)";
    private static final Duration CONNECT = Duration.ofSeconds(30);
    private static final Duration ANSWER = Duration.ofSeconds(60);
    private static final Pattern MESSAGE = Pattern.compile("<message[^>]*>(.*?)</message>", Pattern.DOTALL);

    // One for all phones: each client has a thread of its own.
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .proxy(new NoProxy())
            .connectTimeout(CONNECT)
            .build();
    private final String deviceId;

    Server(String deviceId) {
        this.deviceId = deviceId;
    }

    record Reply(int status, Optional<String> openRosa, Optional<Long> acceptLength, Optional<String> location,
            byte[] body) {
        /** The words that Collect shows to the person, or "". */
        String message() {
            Matcher message = MESSAGE.matcher(new String(body, StandardCharsets.UTF_8));
            return message.find()
                    ? message.group(1).strip().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
                    : "";
        }
    }

    Reply get(String address) throws PhoneError {
        return send(request(address).GET());
    }

    Reply head(String address) throws PhoneError {
        return send(request(address).method("HEAD", HttpRequest.BodyPublishers.noBody()));
    }

    Reply post(String address, String contentType, byte[] body) throws PhoneError {
        return send(request(address).header("Content-Type", contentType)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    }

    /** A file for the phone; any other status than 200 fails. */
    byte[] download(String address) throws PhoneError {
        Reply reply = get(address);
        if (reply.status != 200) {
            throw new PhoneError("download", "the server answered " + reply.status + " to a download: "
                    + URI.create(address).getPath());
        }
        return reply.body;
    }

    /**
     * Posts and loses the connection: after so many bytes of the body, or, with a negative number, when the
     * whole request is sent and the first byte of the answer is there, which the phone never reads.
     */
    void postAndLose(String address, String contentType, byte[] body, int bytes) throws PhoneError {
        URI uri = URI.create(withDevice(address));
        String head = "POST " + uri.getRawPath() + "?" + uri.getRawQuery() + " HTTP/1.1\r\nHost: " + uri.getAuthority()
                + "\r\nUser-Agent: " + USER_AGENT + "\r\nX-OpenRosa-Version: 1.0\r\nContent-Type: " + contentType
                + "\r\nContent-Length: " + body.length + "\r\n\r\n";
        try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
            socket.setSoTimeout((int) ANSWER.toMillis());
            OutputStream out = socket.getOutputStream();
            out.write(head.getBytes(StandardCharsets.US_ASCII));
            out.write(body, 0, bytes < 0 ? body.length : Math.min(bytes, body.length));
            out.flush();
            if (bytes < 0) {
                InputStream in = socket.getInputStream();
                in.read();
            }
        } catch (IOException error) {
            throw lost(error);
        }
        throw new PhoneError("network", "the connection was lost");
    }

    private HttpRequest.Builder request(String address) {
        return HttpRequest.newBuilder(URI.create(withDevice(address)))
                .timeout(ANSWER)
                .header("User-Agent", USER_AGENT)
                .header("X-OpenRosa-Version", "1.0");
    }

    private String withDevice(String address) {
        return address + (address.contains("?") ? "&" : "?") + "deviceID="
                + URLEncoder.encode(deviceId, StandardCharsets.UTF_8);
    }

    private Reply send(HttpRequest.Builder request) throws PhoneError {
        try {
            HttpResponse<byte[]> answer = CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            var headers = answer.headers();
            return new Reply(
                    answer.statusCode(),
                    headers.firstValue("X-OpenRosa-Version"),
                    headers.firstValue("X-OpenRosa-Accept-Content-Length").map(Long::parseLong),
                    headers.firstValue("Location"),
                    answer.body());
        } catch (IOException error) {
            throw lost(error);
        } catch (InterruptedException error) {
            throw new PhoneError("network", "interrupted");
        }
    }

    private static PhoneError lost(IOException error) {
        return new PhoneError("network", "no connection: " + error);
    }

    private static final class NoProxy extends ProxySelector {
        @Override
        public java.util.List<java.net.Proxy> select(URI uri) {
            return java.util.List.of(java.net.Proxy.NO_PROXY);
        }

        @Override
        public void connectFailed(URI uri, java.net.SocketAddress address, IOException error) {
            // There is no other way to try.
        }
    }
}
