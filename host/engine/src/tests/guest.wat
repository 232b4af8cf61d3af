;; A guest of the world `endpoints` that does as the first byte of a message says. `tests/wat.rs`
;; puts code in the places marked with two semicolons and a name in capitals.
(component
  (import "sockhop:websocket/session@0.1.0" (instance $session
    (export "session" (type $session (sub resource)))
    (type $status (record
      (field "queued-bytes" u64) (field "limit-bytes" u64) (field "dropped" u64)))
    (export "queue-status" (type $queue-status (eq $status)))
    (type $error (variant (case "closed") (case "queue-full" $queue-status)))
    (export "send-error" (type $send-error (eq $error)))
    (export "[method]session.send-text" (func
      (param "self" (borrow $session)) (param "text" string)
      (result (result (error $send-error)))))
  ))
  (alias export $session "session" (type $session-resource))
  (alias export $session "send-error" (type $send-error))

  (core module $Alloc
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32) (param $bytes i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get $bytes)))
      (block $fits (loop $more
        (br_if $fits
          (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
        (br $more)))
      (local.get $at))
    ;; After each call: what was passed in it is forgotten.
    (func (export "reset") (global.set $next (i32.const 1024)))
    (func (export "reset-result") (param i32) (global.set $next (i32.const 1024)))
  )
  (core instance $alloc (instantiate $Alloc))
  (alias core export $alloc "memory" (core memory $memory))
  (alias core export $alloc "realloc" (core func $realloc))
  (alias core export $alloc "reset-result" (core func $reset))

  ;; An endpoint is the handle of its session.
  (core func $drop-session (canon resource.drop $session-resource))
  (core module $End
    (import "session" "drop" (func $drop (param i32)))
    (func (export "drop") (param i32) (call $drop (local.get 0))))
  (core instance $end (instantiate $End
    (with "session" (instance (export "drop" (func $drop-session))))))
  (alias core export $end "drop" (core func $end-endpoint))
  (type $endpoint (resource (rep i32) (dtor (core func $end-endpoint))))
  (core func $new-endpoint (canon resource.new $endpoint))

  (alias export $session "[method]session.send-text" (func $send-text))
  (core func $send-text (canon lower (func $send-text) (memory (core memory $memory)) (realloc (core func $realloc))))

  (core module $Main
    (import "alloc" "memory" (memory 1))
    (import "session" "send-text" (func $send (param i32 i32 i32 i32)))
    (import "endpoint" "new" (func $new (param i32) (result i32)))
    (data (i32.const 64) "/e")
    (func $forever (loop $again (br $again)))
    (func $work
      ;;WORK
    )
    (func $hoard
      (loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
      unreachable)
    (func $begin
      ;;BEGIN
    )
    (start $begin)

    ;; One endpoint, at 256: its path, and nothing else.
    (func (export "describe") (result i32)
      ;;DESCRIBE
      (i32.store (i32.const 256) (i32.const 64))
      (i32.store (i32.const 260) (i32.const 2))
      (i32.store (i32.const 16) (i32.const 256))
      (i32.store (i32.const 20) (i32.const 1))
      (i32.const 16))

    (func (export "open") (param $session i32) (result i32)
      ;;OPEN
      (i32.store8 (i32.const 128) (i32.const 0))
      (i32.store (i32.const 132) (call $new (local.get $session)))
      (i32.const 128))

    (func $err (param $at i32) (param $bytes i32) (result i32)
      (i32.store8 (i32.const 128) (i32.const 1))
      (i32.store (i32.const 132) (local.get $at))
      (i32.store (i32.const 136) (local.get $bytes))
      (i32.const 128))

    (func (export "on-message")
      (param $session i32) (param $kind i32) (param $at i32) (param $bytes i32) (result i32)
      (local $first i32)
      (if (local.get $bytes) (then (local.set $first (i32.load8_u (local.get $at)))))
      (if (i32.eq (local.get $first) (i32.const 0x74 (; t ;))) (then unreachable))
      (if (i32.eq (local.get $first) (i32.const 0x6c (; l ;))) (then (call $forever)))
      (if (i32.eq (local.get $first) (i32.const 0x77 (; w ;))) (then (call $work)))
      (if (i32.eq (local.get $first) (i32.const 0x6d (; m ;))) (then (call $hoard)))
      (if (i32.eq (local.get $first) (i32.const 0x65 (; e ;)))
        (then (return (call $err (local.get $at) (local.get $bytes)))))
      (i32.store8 (i32.const 128) (i32.const 0))
      (if (i32.eq (local.get $first) (i32.const 0x73 (; s ;))) (then
        (call $send (local.get $session) (local.get $at) (local.get $bytes) (i32.const 192))
        (i32.store8 (i32.const 132) (i32.const 0))
        (return (i32.const 128))))
      (i32.store8 (i32.const 132) (i32.const 1))
      (i32.store8 (i32.const 136) (local.get $kind))
      (i32.store (i32.const 140) (local.get $at))
      (i32.store (i32.const 144) (local.get $bytes))
      (i32.const 128))

    ;; Traps where the handler's error begins with `t`.
    (func (export "on-error") (param i32) (param $which i32) (param $at i32) (param i64 i64 i64)
      (if (i32.eqz (local.get $which)) (then
        (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x74)) (then unreachable)))))

    ;; Returns the phrase as an error, where there is one.
    (func (export "on-close")
      (param i32 i32 i32 i32 i32 i32 i32) (param $at i32) (param $bytes i32) (param i32 i32)
      (result i32)
      (if (local.get $bytes)
        (then (return (call $err (local.get $at) (local.get $bytes)))))
      (i32.store8 (i32.const 128) (i32.const 0))
      (i32.const 128))
  )
  (core instance $main (instantiate $Main
    (with "alloc" (instance $alloc))
    (with "session" (instance (export "send-text" (func $send-text))))
    (with "endpoint" (instance (export "new" (func $new-endpoint))))))

  (type $property (tuple string (list u8)))
  (type $endpoint-config (record
    (field "path" string) (field "subprotocols" (list string))
    (field "max-message-size" (option u64)) (field "properties" (list $property))))
  (type $message (variant (case "text" string) (case "binary" (list u8))))
  (type $session-error (variant (case "handler" string) (case "reply-not-sent" $send-error)))
  (type $initiator (enum "peer" "guest" "host" "transport"))
  (type $close-cause (enum "requested" "protocol-error" "invalid-payload" "message-too-big"
    "going-away" "service-restart" "connection-lost" "idle-timeout" "pong-timeout" "write-timeout"
      "slow-reader" "message-abandoned"))
  (type $close-event (record
    (field "initiator" $initiator) (field "cause" $close-cause)
    (field "code-sent" (option u16)) (field "code-received" (option u16))
    (field "phrase" string) (field "clean" bool) (field "code" u16)))

  (alias core export $main "describe" (core func $describe))
  (func $describe (result (list $endpoint-config))
    (canon lift (core func $describe) (memory (core memory $memory)) (realloc (core func $realloc)) (post-return (core func $reset))))
  (alias core export $main "open" (core func $open))
  (func $open (param "session" (own $session-resource))
    (result (result (own $endpoint) (error string)))
    (canon lift (core func $open) (memory (core memory $memory)) (realloc (core func $realloc)) (post-return (core func $reset))))
  (alias core export $main "on-message" (core func $on-message))
  (func $on-message (param "self" (borrow $endpoint)) (param "message" $message)
    (result (result (option $message) (error string)))
    (canon lift (core func $on-message) (memory (core memory $memory)) (realloc (core func $realloc)) (post-return (core func $reset))))
  (alias core export $main "on-error" (core func $on-error))
  (alias core export $alloc "reset" (core func $reset-nothing))
  (func $on-error (param "self" (borrow $endpoint)) (param "error" $session-error)
    (canon lift (core func $on-error) (memory (core memory $memory)) (realloc (core func $realloc))
      (post-return (core func $reset-nothing))))
  (alias core export $main "on-close" (core func $on-close))
  (func $on-close (param "self" (borrow $endpoint)) (param "event" $close-event)
    (result (result (error string)))
    (canon lift (core func $on-close) (memory (core memory $memory)) (realloc (core func $realloc)) (post-return (core func $reset))))

  ;; The exported interfaces: components give their types names, as the contract does.
  (component $Deployment
    (type $property (tuple string (list u8)))
    (type $config (record
      (field "path" string) (field "subprotocols" (list string))
      (field "max-message-size" (option u64)) (field "properties" (list $property))))
    (import "endpoint-config" (type $endpoint-config (eq $config)))
    (import "describe" (func $describe (result (list $endpoint-config))))
    (export $named "endpoint-config" (type $endpoint-config))
    (export "describe" (func $describe) (func (result (list $named)))))
  (instance $deployment (instantiate $Deployment
    (with "endpoint-config" (type $endpoint-config))
    (with "describe" (func $describe))))
  (export "sockhop:websocket/deployment@0.1.0" (instance $deployment))

  (component $Endpoint
    (import "session" (type $session (sub resource)))
    (import "own-endpoint" (type $own-endpoint (sub resource)))
    (type $status (record
      (field "queued-bytes" u64) (field "limit-bytes" u64) (field "dropped" u64)))
    (import "queue-status" (type $queue-status (eq $status)))
    (type $send (variant (case "closed") (case "queue-full" $queue-status)))
    (import "send-error" (type $send-error (eq $send)))
    (type $m (variant (case "text" string) (case "binary" (list u8))))
    (import "message" (type $message (eq $m)))
    (type $e (variant (case "handler" string) (case "reply-not-sent" $send-error)))
    (import "session-error" (type $session-error (eq $e)))
    (type $i (enum "peer" "guest" "host" "transport"))
    (import "initiator" (type $initiator (eq $i)))
    (type $c (enum "requested" "protocol-error" "invalid-payload" "message-too-big"
      "going-away" "service-restart" "connection-lost" "idle-timeout" "pong-timeout" "write-timeout"
      "slow-reader" "message-abandoned"))
    (import "close-cause" (type $close-cause (eq $c)))
    (type $event (record
      (field "initiator" $initiator) (field "cause" $close-cause)
      (field "code-sent" (option u16)) (field "code-received" (option u16))
      (field "phrase" string) (field "clean" bool) (field "code" u16)))
    (import "close-event" (type $close-event (eq $event)))
    (import "open" (func $open (param "session" (own $session))
      (result (result (own $own-endpoint) (error string)))))
    (import "on-message" (func $on-message
      (param "self" (borrow $own-endpoint)) (param "message" $message)
      (result (result (option $message) (error string)))))
    (import "on-error" (func $on-error
      (param "self" (borrow $own-endpoint)) (param "error" $session-error)))
    (import "on-close" (func $on-close
      (param "self" (borrow $own-endpoint)) (param "event" $close-event)
      (result (result (error string)))))

    (export $endpoint "endpoint" (type $own-endpoint))
    (export $named-message "message" (type $message))
    (export $named-error "session-error" (type $session-error))
    (export $named-initiator "initiator" (type $initiator))
    (export $named-cause "close-cause" (type $close-cause))
    (type $event-of-named (record
      (field "initiator" $named-initiator) (field "cause" $named-cause)
      (field "code-sent" (option u16)) (field "code-received" (option u16))
      (field "phrase" string) (field "clean" bool) (field "code" u16)))
    (export $named-event "close-event" (type $close-event) (type (eq $event-of-named)))
    (export "[static]endpoint.open" (func $open) (func (param "session" (own $session))
      (result (result (own $endpoint) (error string)))))
    (export "[method]endpoint.on-message" (func $on-message) (func
      (param "self" (borrow $endpoint)) (param "message" $named-message)
      (result (result (option $named-message) (error string)))))
    (export "[method]endpoint.on-error" (func $on-error) (func
      (param "self" (borrow $endpoint)) (param "error" $named-error)))
    (export "[method]endpoint.on-close" (func $on-close) (func
      (param "self" (borrow $endpoint)) (param "event" $named-event)
      (result (result (error string))))))
  (alias export $session "queue-status" (type $queue-status))
  (instance $endpoint-exports (instantiate $Endpoint
    (with "session" (type $session-resource))
    (with "own-endpoint" (type $endpoint))
    (with "queue-status" (type $queue-status))
    (with "send-error" (type $send-error))
    (with "message" (type $message))
    (with "session-error" (type $session-error))
    (with "initiator" (type $initiator))
    (with "close-cause" (type $close-cause))
    (with "close-event" (type $close-event))
    (with "open" (func $open))
    (with "on-message" (func $on-message))
    (with "on-error" (func $on-error))
    (with "on-close" (func $on-close))))
  (export "sockhop:websocket/endpoint@0.1.0" (instance $endpoint-exports))

  ;;EXPORTS
)
