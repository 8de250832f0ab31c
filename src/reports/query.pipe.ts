import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { validate } from 'class-validator';
import { type Fault, reject } from '../domain/rejection.js';
import { malformedQuery } from './as-of.js';

/**
 * Checks the query of a report against its class: every fault is named, and what the report does not know is one, since
 * a misspelt parameter that is passed over looks like one that took effect.
 */
@Injectable()
export class QueryPipe implements PipeTransform {
  /** @throws {Rejection} `malformed` */
  async transform(value: Readonly<Record<string, unknown>>, { metatype }: ArgumentMetadata): Promise<object> {
    if (!metatype) throw new Error('the query of a report has no class');
    // Assigned, parameters with names such as __proto__ or constructor would take the class away, and all checks with it.
    const inherited = Object.keys(value).filter((name) => name in Object.prototype);
    if (inherited.length > 0) {
      const errors = inherited.map((name) => ({ pointer: `/${name}`, detail: 'is not a parameter of this report' }));
      return reject('malformed', malformedQuery, { errors });
    }
    const query = Object.assign(new metatype() as object, value);
    const found = await validate(query, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false });
    const faults = found.flatMap(({ property, constraints = {} }): Fault[] => {
      const pointer = `/${property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (Array.isArray(value[property])) return [{ pointer, detail: 'must be given once' }];
      const details = Object.entries(constraints).map(([name, detail]) =>
        name === 'whitelistValidation' ? 'is not a parameter of this report' : detail,
      );
      return details.map((detail) => ({ pointer, detail }));
    });
    return faults.length > 0 ? reject('malformed', malformedQuery, { errors: faults }) : query;
  }
}
