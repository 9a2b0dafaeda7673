/** `esim-lab card`: the card of a phone in a slot, for LPAs and PC/SC programs that are not ours. */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import { toHex } from '../../base/octets.ts'
import { listenForCardClient } from '../../euicc/transport/tcp.ts'
import { serveVpcd } from '../../euicc/transport/vpcd.ts'
import { parseAddress, type ServerAddress } from '../../http/rsp-connection.ts'
import { requestToEnd } from '../ending.ts'
import { standardStreams, type Output } from '../output.ts'
import {
  asksForDecision,
  serveLpa,
  slotVerb,
  withSlot,
  type Slot,
  type SlotOptions,
} from '../slot.ts'
import { portOf } from '../verb.ts'

interface CardOptions extends SlotOptions {
  readonly stdio?: true
  /** `true` stands for the reader's own address. */
  readonly vpcd?: string | true
  readonly tcp?: number
}

const VPCD_HOST = 'localhost'
const VPCD_PORT = 35_963

export function cardVerb(output: Output): Command {
  return slotVerb({
    name: 'card',
    summary: 'put the card of a phone into a slot, for other LPAs',
    examples: [
      'card --vpcd',
      'card --vpcd localhost:35964 --phone p2',
      'card --stdio',
      'card --tcp 9000',
      'card --vpcd --pki my-certificates --phone p3',
    ],
  })
    .option('--stdio', "lpac's stdio protocol, APDUs and HTTP, over stdin and stdout")
    .option(
      '--vpcd [address]',
      `the virtual PC/SC reader (default: ${VPCD_HOST}:${VPCD_PORT}, its first slot)`,
    )
    .option('--tcp <port>', 'frames of a length of 2 octets and an APDU, on this machine', portOf)
    .option('--pki <directory>', 'make a new card of certificates and keys that are there')
    .action((options: CardOptions) => serveCard(options, output))
}

async function serveCard(options: CardOptions, output: Output): Promise<void> {
  const { stdio, vpcd, tcp } = options
  if ([stdio, vpcd, tcp].filter((choice) => choice !== undefined).length !== 1) {
    throw new LabError('usage', 'choose one way to the card: --stdio, --vpcd or --tcp.')
  }
  const reader = vpcd === undefined ? undefined : readerOf(vpcd)
  await withSlot({ options, output }, async (slot) => {
    if (reader) await inReader(slot, { reader, output })
    else if (tcp !== undefined) await behindPort(slot, { port: tcp, output })
    else await overStdio(slot, output)
  })
}

function readerOf(vpcd: string | true): ServerAddress {
  return parseAddress(vpcd === true ? VPCD_HOST : vpcd, VPCD_PORT)
}

async function overStdio(slot: Slot, output: Output): Promise<void> {
  output.note(`The card ${slot.eid} answers on stdin and stdout.`)
  await serveLpa(slot, {
    ...standardStreams(),
    report: output.warn,
    async onOther(line) {
      output.warn(line)
      // There is nobody to ask here.
      return asksForDecision(line) ? 'n' : undefined
    },
  })
}

async function inReader(
  slot: Slot,
  { reader, output }: { readonly reader: ServerAddress; readonly output: Output },
): Promise<void> {
  const { eid, card } = slot
  const { host, port } = reader
  const address = `${host}:${port}`
  const ending = new AbortController()
  void requestToEnd().then(() => ending.abort())
  await serveVpcd({
    card,
    host,
    port,
    signal: ending.signal,
    onState(state) {
      if (state === 'inserted') {
        output.result(
          { event: state, address, eid },
          `The card ${eid} is in the reader at ${address}. Ctrl-C takes it out.`,
        )
      } else {
        output.result(
          { event: state, address, eid },
          `No virtual reader listens at ${address}. The card waits for it: start pcscd, with vsmartcard-vpcd.`,
        )
      }
    },
  })
}

async function behindPort(
  slot: Slot,
  wanted: { readonly port: number; readonly output: Output },
): Promise<void> {
  const { eid, card } = slot
  const { output } = wanted
  const listener = await listenForCardClient({ card, port: wanted.port })
  try {
    const ending = requestToEnd()
    const { port } = listener
    output.result(
      { event: 'ready', port, eid, atr: toHex(card.atr) },
      `The card ${eid} answers at port ${port} of this machine. Ctrl-C ends it.`,
    )
    await ending
  } finally {
    await listener.close()
  }
}
