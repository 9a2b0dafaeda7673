import test from 'ava'
import { ES2PLUS } from '../../src/rsp/es2plus.ts'
import { ES9PLUS } from '../../src/rsp/es9plus.ts'
import { ES10, es10FunctionOfTag } from '../../src/rsp/es10.ts'
import { refusalOf, refuse, STATUS_CODES, type StatusName } from '../../src/rsp/status-codes.ts'
import type { RspFunction } from '../../src/rsp/json-binding.ts'

test('every function of ES10 has a tag of its own, the same for request and response', (t) => {
  const tags = Object.values(ES10).map(({ request }) => request.tags[0])
  t.is(new Set(tags).size, tags.length)
  for (const [name, { request, response }] of Object.entries(ES10)) {
    t.deepEqual(request.tags, response.tags, name)
    t.is(es10FunctionOfTag(request.tags[0] ?? 0), name as keyof typeof ES10)
  }
  t.is(es10FunctionOfTag(0xbf36), undefined)
})

/** The tags of SGP.22 v2.5's module RSPDefinitions. */
const ES10_TAGS: Readonly<Record<keyof typeof ES10, number>> = {
  getEuiccConfiguredAddresses: 0xbf3c,
  setDefaultDpAddress: 0xbf3f,
  getEUICCChallenge: 0xbf2e,
  getEUICCInfo1: 0xbf20,
  getEUICCInfo2: 0xbf22,
  authenticateServer: 0xbf38,
  prepareDownload: 0xbf21,
  cancelSession: 0xbf41,
  listNotification: 0xbf28,
  retrieveNotificationsList: 0xbf2b,
  removeNotificationFromList: 0xbf30,
  getProfilesInfo: 0xbf2d,
  enableProfile: 0xbf31,
  disableProfile: 0xbf32,
  deleteProfile: 0xbf33,
  eUICCMemoryReset: 0xbf34,
  getEID: 0xbf3e,
  setNickname: 0xbf29,
  getRAT: 0xbf43,
  loadCRL: 0xbf35,
  lpaeActivation: 0xbf42,
}

test('the tags of ES10 are those of the module', (t) => {
  const tags = Object.entries(ES10).map(([name, { request }]) => [name, request.tags[0]])
  t.deepEqual(Object.fromEntries(tags), ES10_TAGS)
})

test('the functions of ES9+ and ES2+ have the paths of SGP.22 §6.5.2', (t) => {
  const tables: readonly (readonly [string, Readonly<Record<string, RspFunction>>])[] = [
    ['es9plus', ES9PLUS],
    ['es2plus', ES2PLUS],
  ]
  for (const [prefix, table] of tables) {
    for (const [name, { path, section }] of Object.entries(table)) {
      t.is(path, `/gsma/rsp2/${prefix}/${name}`)
      t.regex(section, /^5\.\d+\.\d+$/)
    }
  }
})

test('status codes are strings, each pair once, each with a sentence', (t) => {
  const rows = Object.entries(STATUS_CODES)
  const pairs = rows.map(([, { subject, reason }]) => `${subject}/${reason}`)
  t.is(new Set(pairs).size, pairs.length)
  for (const [name, { subject, reason, message }] of rows) {
    t.regex(subject, /^[1-8](\.\d+)*$/, name)
    t.regex(reason, /^[1-6]\.\d+$/, name)
    t.regex(message, /^[A-Z].*\.$/, name)
  }
})

test('a code keeps its zeros, and finds its row again', (t) => {
  t.is(refuse('smdpOidInvalid').code, '8.8/3.10')
  for (const name of Object.keys(STATUS_CODES) as StatusName[]) {
    const { subjectCode, reasonCode, status } = refuse(name)
    t.is(status, name)
    t.is(refusalOf({ subjectCode, reasonCode }).status, name)
  }
  const foreign = refusalOf({ subjectCode: '8.8.5', reasonCode: '9.10' })
  t.is(foreign.status, undefined)
  t.is(foreign.code, '8.8.5/9.10')
})

test('what a refusal adds stands behind the sentence of its row', (t) => {
  const error = refuse('iccidInUse', { detail: 'It is Installed.', subjectIdentifier: '89' })
  t.is(error.message, `${STATUS_CODES.iccidInUse.message} It is Installed.`)
  t.is(error.subjectIdentifier, '89')
})
