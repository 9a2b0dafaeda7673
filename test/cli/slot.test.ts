import test from 'ava'
import { asksForDecision } from '../../src/cli/slot.ts'

test('lpac asks for a decision with its preview, and not with a profile of that name', (t) => {
  t.true(
    asksForDecision('{"type":"progress","payload":{"code":0,"message":"preview","data":"y/n"}}'),
  )
  t.false(asksForDecision('{"type":"lpa","payload":{"message":"preview"}}'))
  const named = { message: 'es8p_metadata_parse', data: { profileName: 'preview' } }
  t.false(asksForDecision(JSON.stringify({ type: 'progress', payload: named })))
  t.false(asksForDecision('{"type":"progress","payload":null}'))
})
