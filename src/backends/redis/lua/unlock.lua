#!lua flags=allow-oom
-- unlock: frees the places that a claimed job has, and grants them.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 client, 3 call, 4 floor, 5 worker, 6 how long a grant is kept (ms), 7 id, 8 token
-- Returns { places freed, { event, id, queue, detail, … } }
-- Atomic since a place must not be free without being offered to those who wait for it.
--@include start
--@include telling
--@include envelope
--@include locks

local client, number, floor, worker = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local earlier = earlier_reply(client, number)
if earlier then return { tonumber(earlier), moves } end

local freed = {}
if call('HGET', processing_key(worker), ARGV[7]) == ARGV[8] then
  free(ARGV[7], freed)
end
grant_all(freed, tonumber(ARGV[6]))
wake_claimers()
keep_reply(client, number, floor, text(#freed))
return { #freed, moves }
