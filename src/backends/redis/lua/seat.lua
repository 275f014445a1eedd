#!lua flags=allow-oom
-- seat: counts jobs of a worker that run already among those of their queue, which has a limit now.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 queue, 3 worker, then ids
-- Returns 1. Atomic since a job that ends must not be counted. Done twice, it does no harm.
--@include start
--@include telling
--@include envelope
for at = 4, #ARGV do
  local id = ARGV[at]
  local line = call('HEXISTS', processing_key(ARGV[3]), id) == 1 and line_of(id)
  if line and line[QUEUE] == ARGV[2] and call('HSETNX', SEATS, id, ARGV[2]) == 1 then
    call('HINCRBY', SEATED, ARGV[2], 1)
  end
end
return 1
