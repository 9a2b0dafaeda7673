/** `esim-lab download`: a phone downloads and installs a profile (SGP.22 §3.1.2, §3.1.3). */

import type { Command } from 'commander'
import { LabError } from '../../base/errors.ts'
import type {
  Download,
  DownloadDecision,
  DownloadStep,
  ProfilePreview,
} from '../../lpa/download.ts'
import { parseActivationCode, type ActivationCode } from '../../rsp/activation-code.ts'
import { openLab } from '../lab-client.ts'
import { notifyServers } from '../notify.ts'
import { ask, type Output } from '../output.ts'
import { withPhone, type CliPhone } from '../phones.ts'
import { traced } from '../trace.ts'
import { bindingOption, lpaVerb, type BindingOption, type LpaOptions } from '../verb.ts'

interface DownloadOptions extends LpaOptions, BindingOption {
  readonly confirmationCode?: string
  readonly acceptRules?: true
  readonly enable?: true
}

export function downloadVerb(output: Output): Command {
  return lpaVerb({
    name: 'download',
    summary: 'download a profile into a phone',
    examples: [
      "download 'LPA:1$localhost:8443$ABCD-EFGH-IJKL-MNOP'",
      "download 'LPA:1$localhost:8443$ABCD-EFGH-IJKL-MNOP' --phone p2 --enable",
      "download 'LPA:1$localhost:8443$ABCD-EFGH-IJKL-MNOP$$1' --confirmation-code 2468",
    ],
  })
    .argument('<activation-code>', 'LPA:1$…, in quotes, since shells read $')
    .option('--confirmation-code <code>', 'where the order has one (default: asked on a terminal)')
    .option('--accept-rules', "agree to the profile's policy rules (default: asked on a terminal)")
    .option('--enable', 'enable the profile at once')
    .addOption(bindingOption())
    .action((activationCode: string, options: DownloadOptions) =>
      download({ activationCode, options }, output),
    )
}

async function download(
  asked: { readonly activationCode: string; readonly options: DownloadOptions },
  output: Output,
): Promise<void> {
  const { options } = asked
  const activationCode = parseActivationCode(asked.activationCode)
  if (activationCode.confirmationCodeRequired) requireCode(options, output)
  const lab = await openLab(options.data)
  await traced({ ...options, onFailure: output.warn }, (observer) =>
    withPhone({ lab, name: options.phone, observer, binding: options.binding }, (phone) =>
      downloadInto(phone, { activationCode, options, output }),
    ),
  )
}

/** Downloads, tells the servers, and says what was installed. */
export async function downloadInto(
  phone: CliPhone,
  asked: {
    readonly activationCode: ActivationCode
    readonly options: Pick<DownloadOptions, 'acceptRules' | 'confirmationCode' | 'enable'>
    readonly output: Output
  },
): Promise<void> {
  const { activationCode, options, output } = asked
  const { confirmationCode } = options
  /** The code is asked for when the server has said that there is one, and what it is for. */
  const confirm = async (preview: ProfilePreview): Promise<DownloadDecision> => {
    output.note(previewText(preview))
    const rules = await rulesDecision(preview, { options, output })
    if (rules !== 'accept') return rules
    const isMissing = preview.confirmationCodeRequired && confirmationCode === undefined
    if (!isMissing || !output.interactive) return 'accept'
    const typed = await ask('Confirmation code:')
    return typed === undefined ? 'postpone' : { confirmationCode: typed }
  }
  const profile = await phone.download({
    activationCode,
    ...(confirmationCode !== undefined && { confirmationCode }),
    onStep: (step) => output.note(`  ${step.padEnd(24)} ${STEPS[step]}`),
    confirm,
  })
  await finish({ phone, profile, enable: options.enable ?? false }, output)
}

/** Where the eUICC wants consent to the profile's rules, the user is told what they mean (SGP.22 §3.1.3 (8)). */
async function rulesDecision(
  preview: ProfilePreview,
  asked: { readonly options: Pick<DownloadOptions, 'acceptRules'>; readonly output: Output },
): Promise<'accept' | 'reject' | 'postpone'> {
  const { options, output } = asked
  if (!preview.policyRulesConsentRequired || options.acceptRules) return 'accept'
  for (const rule of preview.policyRules) output.note(CONSEQUENCES[rule] ?? `It brings ${rule}.`)
  if (!output.interactive) {
    output.note('Nobody is there to agree to that: --accept-rules does.')
    return 'postpone'
  }
  const answer = await ask('Install it? (yes/no)')
  if (answer === undefined) return 'postpone'
  return /^y(es)?$/i.test(answer.trim()) ? 'accept' : 'reject'
}

const CONSEQUENCES: Readonly<Record<string, string>> = {
  ppr1: 'PPR1: once enabled, the profile cannot be disabled. Only its operator can lift that.',
  ppr2: 'PPR2: the profile cannot be deleted. Only its operator can lift that.',
}

/** A session that could only be postponed is not worth beginning. */
function requireCode(options: DownloadOptions, output: Output): void {
  if (options.confirmationCode !== undefined || output.interactive) return
  const detail = 'this activation code needs a confirmation code: give it with --confirmation-code.'
  throw new LabError('usage', detail, { field: 'confirmationCode' })
}

const STEPS: Readonly<Record<DownloadStep, string>> = {
  getEUICCChallenge: 'the eUICC makes a challenge',
  initiateAuthentication: 'the SM-DP+ signs it and shows its certificate',
  authenticateServer: 'the eUICC checks both, and signs for itself',
  authenticateClient: 'the SM-DP+ checks the eUICC and offers the profile',
  prepareDownload: 'the eUICC makes a one-time key',
  getBoundProfilePackage: 'the SM-DP+ encrypts the profile for that key',
  loadBoundProfilePackage: 'the eUICC decrypts, checks and installs it',
}

function previewText(preview: ProfilePreview): string {
  const { profileName, serviceProviderName, profileClass, iccid, policyRules } = preview
  const rules = policyRules.length === 0 ? '' : `, with the rules ${policyRules.join(', ')}`
  return `Offered: "${profileName}" of ${serviceProviderName}, ICCID ${iccid}, ${profileClass}${rules}`
}

async function finish(
  downloaded: { readonly phone: CliPhone; readonly profile: Download; readonly enable: boolean },
  output: Output,
): Promise<void> {
  const { phone, profile, enable } = downloaded
  const { iccid, profileName, serviceProviderName } = profile
  if (enable) await phone.enable({ iccid })
  const notifications = await notifyServers(phone, output)
  const state = enable ? 'enabled' : 'disabled'
  output.result(
    { phone: phone.name, eid: phone.eid, ...profile, state, notifications },
    `Installed "${profileName}" of ${serviceProviderName} in the phone ${phone.name}: ICCID ${iccid}, ${state}. Notifications sent: ${notifications.sent.length}.`,
  )
}
