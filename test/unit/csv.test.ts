import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { writeCsv } from '../../cli/csv.js';
import { Output } from '../../core/runtime/output.js';
import type { LogRecord, ResultRecord } from '../../core/wire/records.js';
import type { Value } from '../../core/model/value.js';
import { logOf, planRecord, resultRecord, RUN } from './support.js';

/** A record that keeps its values. */
function kept(start: number, values: number[]): ResultRecord {
  return resultRecord(start, start + values.length - 1, { compute: (i) => values[i - start] as number, values });
}

function keptAll(start: number, values: Value[]): ResultRecord {
  return resultRecord(start, start + values.length - 1, { compute: (i) => values[i - start] as Value, values });
}

async function csv(...records: LogRecord[]): Promise<{ rows: string[]; status: number; said: string }> {
  const stream = new PassThrough();
  let said = '';
  const log = pino({}, { write: (line: string) => void (said += line) });
  const written = text(stream);
  const status = await writeCsv(() => logOf(records), RUN, new Output(stream, 'standard output'), log);
  stream.end();
  return { rows: (await written).split('\n').slice(0, -1), status, said };
}

describe('results as CSV', () => {
  it('have a row a parameter where the run keeps its values, in the order of the log', async () => {
    const { rows, status } = await csv(planRecord(5), kept(3, [0.1, -1e21]), kept(0, [1, 2, 1 / 3]));
    expect(rows).toEqual(['parameter,value', '3,0.1', '4,-1e+21', '0,1', '1,2', `2,${1 / 3}`]);
    expect(status).toBe(0);
  });

  it('have a column for each of the names in values, whichever records have them', async () => {
    const values: Value[] = [
      { loss: 0.5, ok: true },
      { loss: NaN, value: 'a,"b"' },
      { '10': null, 'nested': { x: [1, NaN] } },
    ];
    const { rows, status } = await csv(planRecord(5), keptAll(3, values.slice(2)), keptAll(0, values.slice(0, 2)));
    expect(rows).toEqual([
      'parameter,10,loss,nested,ok,value.value',
      '3,,,"{""x"":[1,NaN]}",,',
      '0,,0.5,,true,',
      '1,,NaN,,,"a,""b"""',
    ]);
    expect(status).toBe(0);
  });

  it('have plain values beside those with columns, numbers spelled as pandas reads them', async () => {
    const { rows } = await csv(
      planRecord(9),
      keptAll(0, [NaN, Infinity, -Infinity, null, 'x', [1, 'y'], { parameter: 2 }, false]),
    );
    expect(rows).toEqual([
      'parameter,value,value.parameter',
      '0,NaN,',
      '1,inf,',
      '2,-inf,',
      '3,,',
      '4,x,',
      '5,"[1,""y""]",',
      '6,,2',
      '7,false,',
    ]);
  });

  it('have no least and greatest number of a chunk without one', async () => {
    const { rows } = await csv(resultRecord(0, 1, { compute: () => NaN }));
    expect(rows).toEqual(['start_param,end_param,sum,min,max', '0,1,0,,']);
  });

  it('have a row a chunk where it does not', async () => {
    const { rows } = await csv(
      resultRecord(0, 1, { compute: (i) => i + 0.5 }),
      resultRecord(2, 2, { compute: () => 7 }),
    );
    expect(rows).toEqual(['start_param,end_param,sum,min,max', '0,1,2,0.5,1.5', '2,2,7,7,7']);
  });

  it('leave out other runs and what came a second time, whole or in part', async () => {
    const { rows, status } = await csv(
      kept(0, [1, 2]),
      kept(0, [1, 2]),
      { ...kept(7, [7]), runId: 'run-2' },
      kept(1, [2, 3]),
    );
    expect(rows).toEqual(['parameter,value', '0,1', '1,2', '2,3']);
    expect(status).toBe(0);
  });

  it.each<[what: string, records: ResultRecord[], header: string, lacking: string]>([
    ['values, then none', [kept(0, [1, 2]), resultRecord(2, 4)], 'parameter,value', '2–4'],
    [
      'aggregates that overlap in part',
      [resultRecord(0, 1), resultRecord(1, 3)],
      'start_param,end_param,sum,min,max',
      '2–3',
    ],
  ])('never mix two shapes, and say what they lack: %s', async (_, records, header, lacking) => {
    const { rows, status, said } = await csv(...records);
    const columns = header.split(',').length;
    expect(rows[0]).toBe(header);
    expect(rows).toHaveLength(1 + (header === 'parameter,value' ? 2 : 1));
    for (const row of rows) expect(row.split(',')).toHaveLength(columns);
    expect(status).toBe(1);
    expect(JSON.parse(said)).toMatchObject({ parameters: lacking });
  });

  it('are aggregates to the end where they begin so', async () => {
    const { rows, status } = await csv(resultRecord(0, 0, { compute: () => 5 }), kept(1, [1, 2]));
    expect(rows).toEqual(['start_param,end_param,sum,min,max', '0,0,5,5,5', '1,2,3,1,2']);
    expect(status).toBe(0);
  });

  it('lack nothing that a later record gives', async () => {
    const { rows, status } = await csv(kept(0, [1]), resultRecord(1, 2), kept(1, [2, 3]));
    expect(rows).toEqual(['parameter,value', '0,1', '1,2', '2,3']);
    expect(status).toBe(0);
  });

  it('are nothing where there are none', async () => {
    expect(await csv(planRecord(5))).toMatchObject({ rows: [], status: 0 });
  });
});
