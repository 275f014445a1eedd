#!lua flags=allow-oom
-- seat: counts jobs of a worker that run already among those of their queue, which has a limit now.
-- KEYS  1 the sequence
-- ARGV  1 queue, 2 worker, then ids
-- Returns 1. Atomic since a job that ends must not be counted. Done twice, it does no harm.
--@include start
--@include telling
--@include envelope
for at = 3, #ARGV do
  local id = ARGV[at]
  local line = call('HEXISTS', processing_key(ARGV[2]), id) == 1 and line_of(id)
  if line and line[QUEUE] == ARGV[1] and call('HSETNX', SEATS, id, ARGV[1]) == 1 then
    call('HINCRBY', SEATED, ARGV[1], 1)
  end
end
return 1
