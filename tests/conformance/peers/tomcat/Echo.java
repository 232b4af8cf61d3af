import jakarta.websocket.CloseReason;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.PongMessage;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * An echo in Tomcat, for guests that connect to it. It prints how each session ended. On the texts
 * `?subprotocol`, `?ping DATA` and `?close CODE PHRASE` it says or does that; everything else comes
 * back.
 */
@ServerEndpoint(value = "/echo", subprotocols = {"echo.v1"})
public final class Echo {
    private static final int LONGEST_BYTES = 4 << 20;

    @OnOpen
    public void open(Session session) {
        session.setMaxTextMessageBufferSize(LONGEST_BYTES);
        session.setMaxBinaryMessageBufferSize(LONGEST_BYTES);
    }

    @OnMessage
    public void text(Session session, String text) throws IOException {
        var remote = session.getBasicRemote();
        String[] words = text.split(" ", 3);
        switch (words[0]) {
            case "?subprotocol" -> remote.sendText(session.getNegotiatedSubprotocol());
            case "?ping" -> remote.sendPing(StandardCharsets.UTF_8.encode(text.substring(6)));
            case "?close" -> {
                var code = CloseReason.CloseCodes.getCloseCode(Integer.parseInt(words[1]));
                session.close(new CloseReason(code, words[2]));
            }
            default -> remote.sendText(text);
        }
    }

    @OnMessage
    public void binary(Session session, ByteBuffer data) throws IOException {
        session.getBasicRemote().sendBinary(data);
    }

    @OnMessage
    public void pong(Session session, PongMessage pong) throws IOException {
        String data = StandardCharsets.UTF_8.decode(pong.getApplicationData()).toString();
        session.getBasicRemote().sendText("pong " + data);
    }

    @OnError
    public void error(Session session, Throwable error) {
        System.out.println("error " + error);
    }

    @OnClose
    public void close(Session session, CloseReason reason) {
        int code = reason.getCloseCode().getCode();
        System.out.println("closed " + code + " " + reason.getReasonPhrase());
    }
}
