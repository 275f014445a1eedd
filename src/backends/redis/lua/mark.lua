#!lua flags=allow-oom
-- mark: a write that means nothing, so that a WAIT after it on the same connection waits for all writes before it.
-- KEYS  1 the sequence
-- ARGV  none
-- Returns 1. Atomic as a single command is; a script, since a plain one is refused when the server's memory is full.
--@include start
call('INCR', SEQUENCE)
return 1
