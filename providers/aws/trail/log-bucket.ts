import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { AuditTrailGapError } from '../../../src/errors.js'
import { vendorError } from '../../../src/kms/vendor-failure.js'
import type { AwsCallOptions, AwsReply } from '../client.js'
import { awsFailureOf } from '../errors.js'

/** The part of the class `S3` of `@aws-sdk/client-s3` that is used. */
export interface S3Objects {
  listObjectsV2(
    request: { Bucket: string; Prefix: string; StartAfter?: string; ContinuationToken?: string; MaxKeys?: number },
    options?: AwsCallOptions,
  ): Promise<
    AwsReply & {
      readonly Contents?: { readonly Key?: string | undefined; readonly ETag?: string | undefined }[] | undefined
      readonly NextContinuationToken?: string | undefined
    }
  >
  getObject(
    request: { Bucket: string; Key: string },
    options?: AwsCallOptions,
  ): Promise<
    AwsReply & {
      readonly Body?: { transformToByteArray(): Promise<Uint8Array> } | undefined
      readonly ETag?: string | undefined
      readonly Metadata?: Record<string, string> | undefined
    }
  >
}

export interface ListedObject {
  readonly name: string
  readonly etag: string
}

export interface ReadObject extends ListedObject {
  /** Of the compressed file. */
  readonly size: number
  /** Undefined where it is no gzip. */
  readonly contents: Uint8Array | undefined
  readonly metadata: Readonly<Record<string, string>>
}

/** CloudTrail ends a file at 50 MB; text of that size is not larger than this. */
const LARGEST_CONTENTS_BYTES = 1024 ** 3
const BLIND: ReadonlySet<unknown> = new Set(['AccessDenied', 'AllAccessDisabled', 'InvalidAccessKeyId', 'NoSuchBucket'])
const inflate = promisify(gunzip)

/** The bucket that a trail delivers to. */
export class LogBucket {
  readonly name: string
  readonly #s3: S3Objects

  constructor(s3: S3Objects, name: string) {
    this.#s3 = s3
    this.name = name
  }

  /** In the order of their names. */
  async *list(prefix: string, signal: AbortSignal, after?: string): AsyncGenerator<ListedObject> {
    let token: string | undefined
    do {
      const request = {
        Bucket: this.name,
        Prefix: prefix,
        ...(after !== undefined && { StartAfter: after }),
        ...(token !== undefined && { ContinuationToken: token }),
      }
      const page = await this.#send('ListObjectsV2', signal, (options) => this.#s3.listObjectsV2(request, options))
      for (const { Key, ETag } of page.Contents ?? []) if (Key !== undefined) yield { name: Key, etag: ETag ?? '' }
      token = page.NextContinuationToken
    } while (token !== undefined)
  }

  /** Undefined where there is none of that name. */
  async get(name: string, signal: AbortSignal): Promise<ReadObject | undefined> {
    const bytes = async (options: AwsCallOptions) => {
      const { Body, ETag = '', Metadata = {} } = await this.#s3.getObject({ Bucket: this.name, Key: name }, options)
      return { file: (await Body?.transformToByteArray()) ?? new Uint8Array(), etag: ETag, metadata: Metadata }
    }
    const found = await this.#send('GetObject', signal, bytes).catch((error: unknown) => {
      if (error instanceof NoSuchObject) return undefined
      throw error
    })
    if (found === undefined) return undefined
    const { file, etag, metadata } = found
    const contents = await inflate(file, { maxOutputLength: LARGEST_CONTENTS_BYTES }).catch(() => undefined)
    return { name, etag, size: file.length, contents, metadata }
  }

  async #send<T>(operation: string, signal: AbortSignal, call: (options: AwsCallOptions) => Promise<T>): Promise<T> {
    try {
      return await call({ abortSignal: signal })
    } catch (error) {
      signal.throwIfAborted()
      const { name } = error as Partial<Error>
      if (name === 'NoSuchKey') throw new NoSuchObject()
      const { failure, status, requestId } = awsFailureOf(error)
      if (failure === 'denied' || BLIND.has(name)) {
        const what = `provider "aws": ${operation} in the bucket "${this.name}" was refused (${name ?? status})`
        throw new AuditTrailGapError(`${what}; the reader needs s3:ListBucket and s3:GetObject there, and kms:Decrypt`)
      }
      throw vendorError(name === 'SlowDown' ? 'throttled' : failure, { provider: 'aws', operation, status, requestId })
    }
  }
}

class NoSuchObject extends Error {}
