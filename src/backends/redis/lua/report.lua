#!lua
-- report: keeps how far running jobs say they are, and tells those who watch them.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 number of reports, then for each: id, token, worker, progress as JSON
-- Returns a text of one digit for each report: 1 kept, 0 stale.
-- Atomic since a run that no longer owns its job must not write over what the next one says.
--@include start
--@include telling

local client, number, floor = ARGV[1], ARGV[2], ARGV[3]
local earlier = earlier_reply(client, number)
if earlier then return earlier end

local results = {}
for report = 1, tonumber(ARGV[4]) do
  local id, token, worker, progress = unpack(ARGV, 4 * report + 1, 4 * report + 4)
  local is_owner = call('HGET', processing_key(worker), id) == token
  results[report] = is_owner and '1' or '0'
  if is_owner then
    call('HSET', PROGRESS, id, progress)
    tell(id, false)
  end
end

local reply = table.concat(results)
keep_reply(client, number, floor, reply)
return reply
