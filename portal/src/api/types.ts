/** Names of the API's types, as the portal uses them. */
import type { components } from './schema';

type S = components['schemas'];
export type Call = S['CallView'];
export type Case = S['CaseView'];
export type CaseFile = S['CaseFile'];
export type CaseState = S['CaseStateName'];
export type Block = S['BlockView'];
export type Level = S['LevelName'];
export type Happening = S['EventView'];
export type Running = S['RunningCall'];
export type Me = S['Me'];
export type LoginView = S['LoginView'];
export type Permission = S['Permission'];
export type Role = S['Role'];
export type Reach = S['Reach'];
export type Grant = S['Grant'];
export type User = S['UserView'];
export type Key = S['KeyView'];
export type Session = S['SessionView'];
export type Passkey = S['PasskeyView'];
export type Proposal = S['ProposalView'];
export type AuditRow = S['AuditRow'];
export type Node = S['NodeStatus'];
export type Trunk = S['TrunkView'];
export type Registration = S['RegistrationView'];
export type Ban = S['BanView'];
export type Usage = S['UsageView'];
