import type { AwsCallOptions, AwsReply } from '../client.js'

export interface LookupRequest {
  LookupAttributes: { AttributeKey: 'EventSource'; AttributeValue: string }[]
  StartTime: Date
  EndTime: Date
  MaxResults: number
  NextToken?: string
}

export interface FoundEvent {
  readonly EventId?: string | undefined
  readonly EventTime?: Date | undefined
  /** The record as JSON. */
  readonly CloudTrailEvent?: string | undefined
}

/** The part of the class `CloudTrail` of `@aws-sdk/client-cloudtrail` that is used. */
export interface CloudTrailEvents {
  lookupEvents(
    request: LookupRequest,
    options?: AwsCallOptions,
  ): Promise<AwsReply & { readonly Events?: FoundEvent[] | undefined; readonly NextToken?: string | undefined }>
}
