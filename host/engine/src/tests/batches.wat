;; The export `batches`, for a guest of `guest.wat`: each message is sent back as a text. Where the
  ;; first begins with `t` the guest traps, and with `e` it is returned as an error.
  (core module $Batches
    (import "alloc" "memory" (memory 1))
    (import "session" "send-text" (func $send (param i32 i32 i32 i32)))
    (func (export "on-messages")
      (param $session i32) (param $data i32) (param $bytes i32) (param $entry i32) (param $count i32)
      (result i32)
      (local $first i32)
      (if (local.get $bytes) (then (local.set $first (i32.load8_u (local.get $data)))))
      (if (i32.eq (local.get $first) (i32.const 0x74 (; t ;))) (then unreachable))
      (if (i32.eq (local.get $first) (i32.const 0x65 (; e ;))) (then
        (i32.store8 (i32.const 128) (i32.const 1))
        (i32.store (i32.const 132)
          (i32.add (local.get $data) (i32.load offset=4 (local.get $entry))))
        (i32.store (i32.const 136) (i32.load offset=8 (local.get $entry)))
        (return (i32.const 128))))
      (block $all (loop $next
        (br_if $all (i32.eqz (local.get $count)))
        (call $send (local.get $session)
          (i32.add (local.get $data) (i32.load offset=4 (local.get $entry)))
          (i32.load offset=8 (local.get $entry)) (i32.const 192))
        (local.set $entry (i32.add (local.get $entry) (i32.const 12)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
      (i32.store8 (i32.const 128) (i32.const 0))
      (i32.const 128)))
  (core instance $batches-main (instantiate $Batches
    (with "alloc" (instance $alloc))
    (with "session" (instance (export "send-text" (func $send-text))))))
  (type $message-kind (enum "text" "binary"))
  (type $entry (record
    (field "kind" $message-kind) (field "offset" u32) (field "length" u32)))
  (alias core export $batches-main "on-messages" (core func $on-messages))
  (func $on-messages
    (param "endpoint" (borrow $endpoint)) (param "data" (list u8)) (param "entries" (list $entry))
    (result (result (error string)))
    (canon lift (core func $on-messages) (memory (core memory $memory))
      (realloc (core func $realloc)) (post-return (core func $reset))))
  (component $Batches
    (import "own-endpoint" (type $own-endpoint (sub resource)))
    (type $k (enum "text" "binary"))
    (import "message-kind" (type $message-kind (eq $k)))
    (type $e (record
      (field "kind" $message-kind) (field "offset" u32) (field "length" u32)))
    (import "entry" (type $entry (eq $e)))
    (import "on-messages" (func $on-messages
      (param "endpoint" (borrow $own-endpoint)) (param "data" (list u8))
      (param "entries" (list $entry)) (result (result (error string)))))
    (export $endpoint "endpoint" (type $own-endpoint))
    (export $named-kind "message-kind" (type $message-kind))
    (type $entry-of-named (record
      (field "kind" $named-kind) (field "offset" u32) (field "length" u32)))
    (export $named-entry "entry" (type $entry) (type (eq $entry-of-named)))
    (export "on-messages" (func $on-messages) (func
      (param "endpoint" (borrow $endpoint)) (param "data" (list u8))
      (param "entries" (list $named-entry)) (result (result (error string))))))
  (instance $batches (instantiate $Batches
    (with "own-endpoint" (type $endpoint))
    (with "message-kind" (type $message-kind))
    (with "entry" (type $entry))
    (with "on-messages" (func $on-messages))))
  (export "sockhop:websocket/batches@0.1.0" (instance $batches))
