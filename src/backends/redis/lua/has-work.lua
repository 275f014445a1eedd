#!lua flags=no-writes
-- has-work: whether there is anything to claim now in some queues. Changes nothing.
-- KEYS  1 the sequence
-- ARGV  the queues
-- Returns 1 or 0. Atomic since a queue and what holds for it must belong together.
--@include base
--@include pace
--@include queues
--@include work
return has_work(1, #ARGV) and 1 or 0
