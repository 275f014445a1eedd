-- Where a job is that no worker has. needs: base, telling, envelope.
-- Returns its state, and a detail: due for scheduled, failed at for failed, completed at for completed, reason for parked, key
-- for held, '1' for waiting with a grant.
local function place_of(id, line)
  local due = call('ZSCORE', SCHEDULED, id)
  if due then return 'scheduled', due end
  local failed_at = call('ZSCORE', FAILED, id)
  if failed_at then return 'failed', failed_at end
  local reason = call('HGET', PARKED, id)
  if reason then return 'parked', reason end
  local completed_at = line and call('ZSCORE', completed_key(line[TYPE]), id)
  if completed_at then return 'completed', completed_at end
  for _, lock in ipairs(line and locks_of(line) or NO_LOCKS) do
    if call('ZSCORE', held_key(lock[1]), id) then return 'held', lock[1] end
  end
  return 'waiting', call('ZSCORE', GRANTS, id) and '1' or ''
end
