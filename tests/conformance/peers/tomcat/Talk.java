import jakarta.websocket.ClientEndpoint;
import jakarta.websocket.ClientEndpointConfig;
import jakarta.websocket.CloseReason;
import jakarta.websocket.ContainerProvider;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.Extension;
import jakarta.websocket.OnMessage;
import jakarta.websocket.PongMessage;
import jakarta.websocket.Session;
import jakarta.websocket.WebSocketContainer;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Talks to the host with Tomcat's client, and prints what it saw, as JSON.
 *
 * usage: Talk ws://HOST:PORT
 */
public final class Talk {
    private static final int DEADLINE_SECONDS = 60;
    private static final int LONGEST_BYTES = 4 << 20;
    private static final int[] SIZES = {0, 1, 125, 126, 65535, 65536, 300 << 10, 1 << 20};
    private static final int PIPELINED = 200;

    private static final WebSocketContainer CONTAINER = ContainerProvider.getWebSocketContainer();
    private static String base;

    /** What happens in one session: texts, byte buffers, pongs, and its end, in order. */
    private static final class Events extends Endpoint {
        private final BlockingQueue<Object> happened = new LinkedBlockingQueue<>();

        @Override
        public void onOpen(Session session, EndpointConfig config) {
            session.addMessageHandler(String.class, happened::add);
            session.addMessageHandler(ByteBuffer.class, data -> happened.add(copy(data)));
            session.addMessageHandler(PongMessage.class, pong -> happened.add(heard(pong)));
        }

        @Override
        public void onClose(Session session, CloseReason reason) {
            happened.add(reason);
        }

        <T> T next(Class<T> kind) throws InterruptedException {
            Object event = happened.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
            check(kind.isInstance(event), event + " in place of " + kind);
            return kind.cast(event);
        }
    }

    private record Pong(String data) {}

    /** The annotated kind of client: it offers subprotocols, and hears one text. */
    @ClientEndpoint(subprotocols = {"nobody", "b"})
    public static final class Offers {
        private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

        @OnMessage
        public void text(String text) {
            heard.add(text);
        }
    }

    private static Session open(String path, Events events) throws Exception {
        List<Extension> deflate = List.copyOf(CONTAINER.getInstalledExtensions());
        var config = ClientEndpointConfig.Builder.create().extensions(deflate).build();
        return CONTAINER.connectToServer(events, config, URI.create(base + path));
    }

    private static int messages() throws Exception {
        Events events = new Events();
        int echoed = 0;
        try (Session session = open("/echo", events)) {
            for (int size : SIZES) {
                String text = "x".repeat(size);
                session.getBasicRemote().sendText(text);
                check(events.next(String.class).equals(text), size + " characters");
                ByteBuffer data = StandardCharsets.UTF_8.encode("\0~".repeat(size / 2));
                session.getBasicRemote().sendBinary(data.duplicate());
                check(events.next(ByteBuffer.class).equals(data), size + " bytes");
                echoed += 2;
            }
            List<String> said = new ArrayList<>();
            for (int number = 0; number < PIPELINED; number++) {
                said.add(number + ": ä€𝄞");
                session.getBasicRemote().sendText(said.get(number));
            }
            for (String text : said) {
                check(events.next(String.class).equals(text), text);
                echoed++;
            }
        }
        return echoed;
    }

    private static int pings() throws Exception {
        Events events = new Events();
        List<String> said = List.of("", "a", "x".repeat(125));
        try (Session session = open("/echo", events)) {
            for (String data : said) {
                session.getBasicRemote().sendPing(StandardCharsets.UTF_8.encode(data));
                check(events.next(Pong.class).data().equals(data), "the pong to " + data);
            }
        }
        return said.size();
    }

    private static String pongs() throws Exception {
        Events events = new Events();
        try (Session session = open("/controls", events)) {
            session.getBasicRemote().sendText("ping are you there");
            return events.next(String.class);
        }
    }

    private static String subprotocol() throws Exception {
        Offers offers = new Offers();
        URI uri = URI.create(base + "/handshaker/1/2");
        try (Session session = CONTAINER.connectToServer(offers, uri)) {
            session.getBasicRemote().sendText("what");
            String told = offers.heard.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
            check(told != null && told.contains("\"subprotocol\":\"b\""), told);
            return session.getNegotiatedSubprotocol();
        }
    }

    private static String closes() throws Exception {
        Events events = new Events();
        Session session = open("/observer", events);
        session.close(new CloseReason(CloseReason.CloseCodes.getCloseCode(4001), "enough"));
        return shown(events.next(CloseReason.class));
    }

    private static String isClosed() throws Exception {
        Events events = new Events();
        Session session = open("/observer", events);
        session.getBasicRemote().sendText("close 4002 go on");
        return shown(events.next(CloseReason.class));
    }

    private static String shown(CloseReason reason) {
        return "[%d,\"%s\"]".formatted(reason.getCloseCode().getCode(), reason.getReasonPhrase());
    }

    private static Pong heard(PongMessage pong) {
        return new Pong(StandardCharsets.UTF_8.decode(pong.getApplicationData()).toString());
    }

    private static ByteBuffer copy(ByteBuffer data) {
        return ByteBuffer.allocate(data.remaining()).put(data).flip();
    }

    private static void check(boolean holds, String told) {
        if (!holds) {
            throw new AssertionError(told);
        }
    }

    public static void main(String[] arguments) throws Exception {
        base = arguments[0];
        CONTAINER.setDefaultMaxTextMessageBufferSize(LONGEST_BYTES);
        CONTAINER.setDefaultMaxBinaryMessageBufferSize(LONGEST_BYTES);
        System.out.printf("{\"messages\":%d,\"pings\":%d,", messages(), pings());
        System.out.printf("\"pinged\":\"%s\",\"subprotocol\":\"%s\",", pongs(), subprotocol());
        System.out.printf("\"closes\":%s,\"is closed\":%s}%n", closes(), isClosed());
        // Threads of the container would keep the program for a while.
        System.exit(0);
    }
}
