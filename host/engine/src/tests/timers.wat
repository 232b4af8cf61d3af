;; The export `timer-events`, for a guest of `guest.wat`: it sends a text, traps where the token is
  ;; 66, and returns an error where it is 13.
  (core module $Timers
    (import "alloc" "memory" (memory 1))
    (import "session" "send-text" (func $send (param i32 i32 i32 i32)))
    (data (i32.const 80) "timer")
    (func (export "on-timer") (param $session i32) (param $token i64) (result i32)
      (if (i64.eq (local.get $token) (i64.const 66)) (then unreachable))
      (if (i64.eq (local.get $token) (i64.const 13)) (then
        (i32.store8 (i32.const 128) (i32.const 1))
        (i32.store (i32.const 132) (i32.const 80))
        (i32.store (i32.const 136) (i32.const 5))
        (return (i32.const 128))))
      (call $send (local.get $session) (i32.const 80) (i32.const 5) (i32.const 192))
      (i32.store8 (i32.const 128) (i32.const 0))
      (i32.const 128)))
  (core instance $timers-main (instantiate $Timers
    (with "alloc" (instance $alloc))
    (with "session" (instance (export "send-text" (func $send-text))))))
  (alias core export $timers-main "on-timer" (core func $on-timer))
  (func $on-timer
    (param "endpoint" (borrow $endpoint)) (param "token" u64) (result (result (error string)))
    (canon lift (core func $on-timer) (memory (core memory $memory))
      (realloc (core func $realloc)) (post-return (core func $reset))))
  (component $Timers
    (import "own-endpoint" (type $own-endpoint (sub resource)))
    (import "on-timer" (func $on-timer
      (param "endpoint" (borrow $own-endpoint)) (param "token" u64)
      (result (result (error string)))))
    (export $endpoint "endpoint" (type $own-endpoint))
    (export "on-timer" (func $on-timer) (func
      (param "endpoint" (borrow $endpoint)) (param "token" u64)
      (result (result (error string))))))
  (instance $timers (instantiate $Timers
    (with "own-endpoint" (type $endpoint))
    (with "on-timer" (func $on-timer))))
  (export "sockhop:websocket/timer-events@0.1.0" (instance $timers))
