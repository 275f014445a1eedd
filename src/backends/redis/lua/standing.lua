#!lua flags=no-writes
-- standing: who has a unique key. Changes nothing.
-- KEYS  1 the sequence
-- ARGV  1 the key with its type
-- Returns false, or { id, queue, until when or '' }
-- Atomic since a record counts only together with its job.
--@include base
--@include telling
--@include envelope
--@include unique

local id, queue, _, ends = standing(ARGV[1])
return id and { id, queue, ends or '' }
