-- The pace of rates, as core/rate.ts tells it. needs: base.

-- The instant from which on one more job may start; infinite where all of its places are kept for others.
local function starts_at(key, burst, interval, reserved)
  local free = burst - 1 - reserved
  if free < 0 then return math.huge end
  -- A clock that was set back must not stop a key for as long as it jumped.
  local spent = math.min(tonumber(call('GET', spent_key(key)) or 0), now + burst * interval)
  return math.max(spent - free * interval, tonumber(call('GET', paused_rate_key(key)) or 0))
end

-- One more job starts.
local function spend(key, burst, interval)
  local spent = math.min(tonumber(call('GET', spent_key(key)) or 0), now + burst * interval)
  spent = math.max(now, spent) + interval
  call('SET', spent_key(key), exact(spent), 'PX', math.max(1, math.ceil(spent - now)))
end
