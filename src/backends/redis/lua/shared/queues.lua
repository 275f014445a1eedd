-- Which queues and types may be claimed from now. needs: base, pace.
local QUEUE_MARK = '\239\191\190'

-- What holds for a queue, or nil, as for nearly all: { paused, concurrency, burst, interval }.
-- Looked up once: no script that claims changes it.
local gates = {}
local function gate_of(queue)
  if gates[queue] == nil then
    local gate = call('HGET', CONTROLS, queue)
    gates[queue] = gate and cjson.decode(gate) or false
  end
  return gates[queue] or nil
end

-- How many of its jobs may start now, at most `most`.
local function room_in(queue, gate, most)
  if gate.paused then return 0 end
  local room = most
  if gate.concurrency then room = math.min(room, gate.concurrency - tonumber(call('HGET', SEATED, queue) or 0)) end
  if not gate.burst or room <= 0 then return math.max(0, room) end
  local slack = gate.burst * gate.interval
  local spent = math.min(tonumber(call('GET', spent_key(QUEUE_MARK .. queue)) or 0), now + slack)
  local starts = 0
  while starts < room and spent - (gate.burst - 1) * gate.interval <= now do
    starts = starts + 1
    spent = math.max(now, math.min(spent, now + slack)) + gate.interval
  end
  return starts
end

-- Looked up once, as there mostly is none.
local types_are_paused
local function any_type_is_paused()
  if types_are_paused == nil then types_are_paused = call('EXISTS', PAUSED_TYPES) == 1 end
  return types_are_paused
end

-- Why a type's jobs are to be parked, or nil.
local function pause_of(kind)
  local pause = call('HGET', PAUSED_TYPES, kind)
  return pause and cjson.decode(pause).text or nil
end
